// @ts-check
// Colors of lines. Both sets are told apart by readers with red-green blindness and keep 3:1 against their background.

/** @typedef {"light" | "dark"} Theme */

/** The plot's background in each theme; `style.css` uses the same values. */
export const BACKGROUND = { light: "#ffffff", dark: "#383838" };

// Input is violet, output is orange, in both themes; lightness moves one way only.
const DEPTH = {
  light: ["#2b0a56", "#6a1b86", "#a92a82", "#d0435f", "#d2691e"],
  dark: ["#9d86f0", "#c583e6", "#ee8fbf", "#fdb38c", "#fbe9a0"],
};

const LINES = {
  light: ["#0b62a8", "#b8500a", "#00735c", "#a3397f", "#5b5b00", "#6b4fb3"],
  dark: ["#6fb7f7", "#f7a35c", "#4fd0ad", "#ef9ccb", "#d8d35f", "#bfa8ff"],
};

const REFERENCE = { light: "#6b7280", dark: "#b0b5bd" };

/**
 * The color of a layer by its depth.
 * @param {number} index 0 is the layer nearest the input
 * @param {number} layers
 * @param {Theme} theme
 */
export function depthColor(index, layers, theme) {
  const stops = DEPTH[theme];
  const at = (layers <= 1 ? 0 : Math.min(1, Math.max(0, index / (layers - 1)))) * (stops.length - 1);
  const low = Math.min(Math.floor(at), stops.length - 2);
  return mix(stops[low], stops[low + 1], at - low);
}

/**
 * The whole ramp as a CSS background, for the legend.
 * @param {Theme} theme
 */
export function depthGradient(theme) {
  return `linear-gradient(to right, ${DEPTH[theme].join(", ")})`;
}

/**
 * The color of the n-th line that is not a layer.
 * @param {string} role
 * @param {number} n
 * @param {Theme} theme
 */
export function lineColor(role, n, theme) {
  if (role === "reference") return REFERENCE[theme];
  return LINES[theme][n % LINES[theme].length];
}

/**
 * @param {string} from #rrggbb
 * @param {string} to #rrggbb
 * @param {number} share of `to`
 */
function mix(from, to, share) {
  const a = channels(from);
  const b = channels(to);
  return `#${a.map((v, i) => Math.round(v + (b[i] - v) * share).toString(16).padStart(2, "0")).join("")}`;
}

/** @param {string} color #rrggbb */
function channels(color) {
  return [1, 3, 5].map((i) => parseInt(color.slice(i, i + 2), 16));
}

/**
 * Contrast of two colors, 1 to 21.
 * @param {string} one #rrggbb
 * @param {string} other #rrggbb
 * Source: WCAG 2.2, "contrast ratio".
 */
export function contrast(one, other) {
  const [high, low] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
}

/** @param {string} color #rrggbb */
export function luminance(color) {
  const [r, g, b] = channels(color).map((v) => {
    const c = v / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

// From next to nothing, which looks like the paper, to much; lightness moves one way only. No hue of the depths above.
const HEAT = {
  light: ["#edf1f4", "#b5d9e2", "#56a8bd", "#1c6690", "#0a2757"],
  dark: ["#2b2f33", "#1f4f6b", "#2287a0", "#7cc8c4", "#eaf7d9"],
};

/**
 * The color of a cell of a heat map.
 * @param {number} share 0 to 1
 * @param {Theme} theme
 */
export function heatColor(share, theme) {
  const known = heatColors[theme];
  return known[Math.round(share * (known.length - 1))];
}

const heatColors = { light: ramp(HEAT.light), dark: ramp(HEAT.dark) };

/** @param {string[]} stops */
function ramp(stops) {
  return Array.from({ length: 65 }, (_, i) => {
    const at = (i / 64) * (stops.length - 1);
    const low = Math.min(Math.floor(at), stops.length - 2);
    return mix(stops[low], stops[low + 1], at - low);
  });
}

/**
 * The ramp of a heat map as a CSS background.
 * @param {Theme} theme
 */
export function heatGradient(theme) {
  return `linear-gradient(to right, ${HEAT[theme].join(", ")})`;
}
