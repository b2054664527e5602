// Notices changes of files. Folders are watched, and not files, because many editors replace a file when they save it.

import { statSync, watch } from "node:fs";
import { join } from "node:path";
import { Refusal } from "./run.mjs";
import { folders, unlessGone } from "./tree.mjs";

/** Returns whether a file is none that a user writes: hidden, or an editor's copy. */
export const isOfEditor = (name) => /^\.|~$|^#.*#$|^4913$|\.(sw[a-p]|tmp)$/.test(name);

/** Watches folders; calls `hear` with the path of whatever changes in them. */
export class Watch {
  #hear;
  #start;
  #watched = new Map();

  /** `start`, for tests: in the place of `watch` of `node:fs`. */
  constructor(hear, { start = watch } = {}) {
    this.#hear = hear;
    this.#start = start;
  }

  /**
   * Watches these folders and no others: those of `flat` alone, those of `deep` with all folders in them. Folders that do not exist are left
   * out. Throws a `Refusal` if the system watches no more folders.
   */
  set({ flat = [], deep = [] }) {
    const wanted = new Map([...flat, ...deep.flatMap((dir) => [...folders(dir, isOfEditor)])].map((dir) => [dir, identityOf(dir)]));
    for (const [dir, { watcher, identity }] of this.#watched) {
      // A folder that was removed and made again is another one.
      if (wanted.get(dir) === identity) continue;
      watcher.close();
      this.#watched.delete(dir);
    }
    for (const [dir, identity] of wanted) {
      if (identity === undefined || this.#watched.has(dir)) continue;
      const watcher = unlessGone(() => this.#watch(dir));
      if (watcher) this.#watched.set(dir, { watcher, identity });
    }
  }

  end() {
    this.set({});
  }

  #watch(dir) {
    const watcher = withinLimits(() => this.#start(dir, (_, name) => this.#hear(name === null ? dir : join(dir, name))));
    watcher.on("error", () => watcher.close()); // on Windows, when the folder is removed
    return watcher;
  }
}

// What a system says that watches no more folders, or has no more files open.
const OF_LIMITS = ["ENOSPC", "EMFILE", "ENFILE"];

function withinLimits(start) {
  try {
    return start();
  } catch (error) {
    if (!OF_LIMITS.includes(error.code)) throw error;
    throw new Refusal(`The system watches no more folders (${error.code}), so that changes cannot be noticed. Serve without noticing them by --no-watch, or raise the limit: on Linux, \`sudo sysctl fs.inotify.max_user_watches=524288 fs.inotify.max_user_instances=512\`.`);
  }
}

// The number of a removed folder is free for the next one.
function identityOf(dir) {
  const found = statSync(dir, { throwIfNoEntry: false });
  return found && `${found.ino} ${found.birthtimeMs}`;
}
