// The directory of tools that take minutes to compile: one folder per version, shared by all projects of the machine.

import { homedir } from "node:os";
import { join } from "node:path";

export const CACHE = process.env.DORMOUSE_TOOLS || join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "dormouse");
