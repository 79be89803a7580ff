use crate::Fresh;

contract!(a_challenge_is_answered_once, of_answers_at_once_one_counts, ended_challenges_are_forgotten);

const NOW: u64 = 1_795_398_894;

async fn a_challenge_is_answered_once(fresh: Fresh) {
    let store = &fresh.store;
    assert!(store.answer_challenge("one", NOW + 900, NOW).await.unwrap());
    assert!(!store.answer_challenge("one", NOW + 900, NOW + 1).await.unwrap());
    assert!(store.answer_challenge("two", NOW + 900, NOW).await.unwrap());
    let store = fresh.reopened().await;
    assert!(!store.answer_challenge("one", NOW + 900, NOW + 900).await.unwrap());
}

async fn of_answers_at_once_one_counts(fresh: Fresh) {
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let store = fresh.store.clone();
            tokio::spawn(async move { store.answer_challenge("one", NOW + 900, NOW).await.unwrap() })
        })
        .collect();
    let mut counted = 0;
    for task in tasks {
        counted += u32::from(task.await.unwrap());
    }
    assert_eq!(counted, 1);
}

async fn ended_challenges_are_forgotten(fresh: Fresh) {
    let store = &fresh.store;
    assert!(store.answer_challenge("one", NOW, NOW).await.unwrap());
    assert!(store.answer_challenge("two", NOW + 900, NOW + 1).await.unwrap());
    // Only a store that has forgotten it takes it again.
    assert!(store.answer_challenge("one", NOW + 900, NOW + 1).await.unwrap());
}
