// Colours: the choice goes into a cookie that the server reads, so that the next page does not flash.
import { setCookie } from "./dom.js";

export function choose(theme) {
  setCookie("theme", theme);
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
}
