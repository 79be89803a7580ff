const HtmlPlugin = require('html-webpack-plugin');

module.exports = {
  plugins: [new HtmlPlugin({ template: 'src/index.html' })],
  // WASM is larger than what webpack advises for scripts.
  performance: { hints: false },
  stats: 'errors-warnings',
};
