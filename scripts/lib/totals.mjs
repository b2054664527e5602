// Adds up the summaries of the test runners, for one last line with the totals.

const RESULTS = [
  /^test result: .*? (?<passed>\d+) passed; (?<failed>\d+) failed; (?<skipped>\d+) ignored/gm, // cargo test, per binary
  /^ℹ pass (?<passed>\d+)\nℹ fail (?<failed>\d+)\nℹ cancelled (?<cancelled>\d+)\nℹ skipped (?<skipped>\d+)\nℹ todo \d+$/gm, // node --test
];

export class Totals {
  passed = 0;
  failed = 0;
  skipped = 0;

  /** Adds the counts in a runner's output, whether the runner succeeds or fails; rethrows its failure. */
  async count(running) {
    const output = await running.catch((error) => {
      this.#add(error.output ?? "");
      throw error;
    });
    this.#add(output);
  }

  #add(output) {
    const plain = output.replace(/\x1b\[[0-9;]*m/g, "");
    for (const { groups } of RESULTS.flatMap((pattern) => [...plain.matchAll(pattern)])) {
      this.passed += Number(groups.passed);
      this.failed += Number(groups.failed) + Number(groups.cancelled ?? 0);
      this.skipped += Number(groups.skipped);
    }
  }

  toString() {
    return `${this.passed} passed, ${this.failed} failed${this.skipped ? `, ${this.skipped} skipped` : ""}`;
  }
}
