// @ts-check
// uPlot formats numbers for `navigator.language` as it loads, and throws on a tag such as `en-US@posix`.
// Import this before uPlot.

/**
 * @param {{language: string}} navigator
 */
export function guardLanguage(navigator) {
  try {
    new Intl.NumberFormat(navigator.language);
  } catch {
    Object.defineProperty(navigator, "language", { value: "en-US", configurable: true });
  }
}

if (typeof navigator !== "undefined") guardLanguage(navigator);
