// What editors read: web-types for JetBrains, custom data for VS Code. Made from custom-elements.json by the integrations that
// the format's users share (Burton Smith's; MIT, without dependencies).
import { generateJetBrainsWebTypes } from 'custom-element-jet-brains-integration';
import { generateVsCodeCustomElementData } from 'custom-element-vs-code-integration';

export function writeEditorData(manifest, outdir) {
  const packageJson = false;
  generateJetBrainsWebTypes(manifest, { outdir, packageJson, hideLogs: true });
  generateVsCodeCustomElementData(manifest, { outdir, hideLogs: true });
}
