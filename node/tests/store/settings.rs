use crate::{Fresh, address};

contract!(settings_are_kept_for_each_account_and_replaced_as_a_whole);

async fn settings_are_kept_for_each_account_and_replaced_as_a_whole(fresh: Fresh) {
    let store = &fresh.store;
    assert_eq!(store.settings(address(1)).await.unwrap(), None);
    for settings in ["{\"a\":1}", "{}"] {
        store.set_settings(address(1), settings).await.unwrap();
        assert_eq!(store.settings(address(1)).await.unwrap().as_deref(), Some(settings));
    }
    assert_eq!(store.settings(address(2)).await.unwrap(), None);
    let store = fresh.reopened().await;
    assert_eq!(store.settings(address(1)).await.unwrap().as_deref(), Some("{}"));
}
