// What is wrong, gathered; and how much was looked at.

export class Report {
  faults = [];
  looked = 0;
  shapes = new Set();

  /** `where` says page, language and width; `rule` what is broken. */
  fault(where, rule, detail) {
    this.faults.push({ where, rule, detail });
  }

  print(seconds) {
    const told = new Map();
    for (const { where, rule, detail } of this.faults) {
      const key = `${rule}: ${detail}`;
      told.set(key, [...(told.get(key) ?? []), where]);
    }
    for (const [what, places] of told) {
      console.error(`\n${what}`);
      for (const place of places) console.error(`    ${place}`);
    }
    console.log(
      `\nbrowser: ${this.shapes.size} pages, ${this.looked} views, ${this.faults.length} faults, ${seconds} s`,
    );
  }
}
