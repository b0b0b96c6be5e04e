/** The options that were given. */

/** @typedef {Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>} OptionValues */

/** Reads them by type. */
export class Options {
  #values;

  /** @param {OptionValues} values */
  constructor(values) {
    this.#values = values;
  }

  /**
   * @param {string} name
   * @returns {boolean}
   */
  flag(name) {
    return this.#values[name] === true;
  }

  /**
   * @param {string} name
   * @returns {string | undefined}
   */
  text(name) {
    const value = this.#values[name];
    return typeof value === "string" ? value : undefined;
  }

  /**
   * @param {string} name
   * @returns {string[]}
   */
  texts(name) {
    const value = this.#values[name];
    return Array.isArray(value) ? value.filter((text) => typeof text === "string") : [];
  }
}
