// `npm run new -- FOLDER`: makes an app of the template, named as its folder. A folder in this clone is made beside the clone. Needs
// Node and npm only: the app's own commands install the rest. `npm run new -- --update FOLDER` lets an app depend on what the clone has
// become.

import { basename, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { checkSystem } from "../dormouse-build/lib/system.mjs";
import { Refusal, main, say } from "./lib/run.mjs";
import { addNode, checkIsApp, checkIsFree, checkName, copyTemplate, dependOnClone, dependOnPacked, folderOf, near, packBuild } from "./lib/template.mjs";

/** Makes an app in a folder that is empty or does not exist. `node` is the version of its user's Node. Returns whether it is too old for
 * wrangler, and the app has one of its own. */
export function makeApp(folder, kept, node) {
  const name = basename(folder);
  checkName(name);
  checkIsFree(folder);
  const tarball = packBuild(kept);
  copyTemplate(folder, name);
  dependOnClone(folder);
  dependOnPacked(folder, tarball);
  return addNode(folder, node);
}

/** Lets an app depend on this clone as it is, and changes nothing else of it. */
export function updateApp(folder, kept) {
  checkIsApp(folder);
  dependOnClone(folder);
  dependOnPacked(folder, packBuild(kept));
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  main(async () => {
    checkSystem();
    const args = process.argv.slice(2);
    const isUpdate = args[0] === "--update";
    const [path, ...rest] = isUpdate ? args.slice(1) : args;
    if (!path || rest.length || path.startsWith("-")) throw new Refusal("Name one folder for the app: npm run new -- my-server. An existing app: npm run new -- --update my-server");
    const folder = folderOf(path);
    const shown = near(resolve(process.env.INIT_CWD ?? "."), folder);
    const next = `\n  cd ${/^[\w./-]+$/.test(shown) ? shown : JSON.stringify(shown)}\n  npm install\n`;
    if (isUpdate) {
      updateApp(folder);
      say(`${folder} depends on dormouse and dormouse-build as this clone has them now. Its package.json was changed; npm has to install it:`);
      console.log(next);
      return;
    }
    const hasNode = makeApp(folder);
    say(`${folder}: a new app. It uses this clone, because dormouse and dormouse-build are not published yet.`);
    console.log(`${next}  npm run serve    # not beside \`npm start\`, which has the same port\n`);
    if (hasNode) say("npm will warn of this machine's Node (EBADENGINE): the app has a newer one of its own");
  });
}
