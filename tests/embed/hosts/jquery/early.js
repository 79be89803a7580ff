// Old libraries leave their marks on everybody's prototypes.
Array.prototype.last = function () {
  return this[this.length - 1];
};
$(document).on('keydown keypress keyup', (event) => {
  if (event.key === '/') event.preventDefault();
});
$(document).on('submit', 'form', () => false);
Object.prototype.isBlog = true;
