// What a person does with a message.

/** The message that says this, with everything around it. */
export const entry = (person, text) =>
  person.log.locator('.entry', { has: person.page.locator('.message', { hasText: text }) }).first();

/** How far an own message has come, as it stands below the last of a group. */
export const standing = (person, text) => entry(person, text).locator('.meta');

/** Opens the menu of a message as a mouse does. */
export async function menuOf(person, text) {
  const row = entry(person, text);
  await row.hover();
  await row.getByRole('button', { name: 'Message actions' }).click();
  const menu = person.chat.getByRole('menu');
  await menu.waitFor();
  return menu;
}

/** Chooses in it. */
export const choose = async (person, text, name, role = 'menuitem') =>
  (await menuOf(person, text)).getByRole(role, { name }).click();

/** Lets an item of the open menu have the focus, once the menu has taken it: that gives it to its first item. */
export async function focusInMenu(item) {
  const menu = item.page().locator('dm3-chat').getByRole('menu');
  await menu.locator('button:focus').first().waitFor();
  await item.focus();
}
