// Runs other programs as `dormouse-build` does, in the project's folder unless told otherwise.

import * as programs from "../../dormouse-build/lib/run.mjs";
import { ROOT } from "./root.mjs";

export const { Refusal, main, say } = programs;
export const ask = (command, args, options) => programs.ask(command, args, { cwd: ROOT, ...options });
export const run = (command, args, options) => programs.run(command, args, { cwd: ROOT, ...options });
