// Files of the npm packages on which this one depends, wherever npm has put them.

import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** Returns the path of a file or folder in an npm package. */
export const packaged = (name, path) => join(dirname(createRequire(import.meta.url).resolve(`${name}/package.json`)), path);
