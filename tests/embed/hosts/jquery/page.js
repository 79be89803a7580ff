$(() => {
  $('.widget').html('<dm3-chat></dm3-chat>');
  $('dm3-chat').attr('node', NODE).on('dm3-connect', ({ originalEvent }) => $('h1').text('Welcome, ' + originalEvent.detail.account));
});
