$(() => {
  const show = () => {
    $('.widget').html('<dm3-chat></dm3-chat>');
    $('dm3-chat').attr('node', NODE).on('dm3-connect', ({ originalEvent }) => $('h1').text('Welcome, ' + originalEvent.detail.account));
  };
  show();
  $('#away').on('click', () => ($('dm3-chat')[0] ? $('.widget').empty() : show()));
});
