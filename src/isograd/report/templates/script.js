"use strict";

// What the page says in its language; what has no other form there is said as it is.
const texts = new Map(Object.entries(JSON.parse(document.getElementById("texts")?.textContent ?? "{}")));

function say(text, values = {}) {
  return (texts.get(text) ?? text).replace(/\{(\w+)\}/g, (place, name) => values[name] ?? place);
}

// Light, dark, or as the system has it.
const root = document.documentElement;
const themeButton = document.getElementById("theme");
const darkSystem = window.matchMedia("(prefers-color-scheme: dark)");

function isDark() {
  return root.dataset.theme ? root.dataset.theme === "dark" : darkSystem.matches;
}

function nameTheme() {
  themeButton.textContent = isDark() ? say("Light") : say("Dark");
  themeButton.setAttribute("aria-label", isDark() ? say("Switch to light colours") : say("Switch to dark colours"));
}

themeButton.hidden = false;
themeButton.addEventListener("click", () => {
  root.dataset.theme = isDark() ? "light" : "dark";
  nameTheme();
});
darkSystem.addEventListener("change", nameTheme);
nameTheme();

// Pointing at a mode, or choosing it, makes all other modes step back in every chart.
const buttons = document.querySelectorAll("button[data-series]");
let chosen = null;

function singleOut(series) {
  for (const group of document.querySelectorAll("g.series")) {
    group.classList.toggle("faded", series !== null && group.dataset.series !== series);
  }
}

for (const button of buttons) {
  const series = button.dataset.series;
  button.addEventListener("mouseenter", () => singleOut(series));
  button.addEventListener("focus", () => singleOut(series));
  button.addEventListener("mouseleave", () => singleOut(chosen));
  button.addEventListener("blur", () => singleOut(chosen));
  button.addEventListener("click", () => {
    chosen = chosen === series ? null : series;
    for (const other of buttons) {
      other.setAttribute("aria-pressed", String(other.dataset.series === chosen));
    }
    singleOut(chosen);
  });
}

// The raw result travels inside the page.
const saveButton = document.getElementById("save");
saveButton.hidden = false;
saveButton.addEventListener("click", () => {
  const text = document.getElementById("raw").textContent;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  link.download = saveButton.dataset.name;
  link.click();
  URL.revokeObjectURL(link.href);
});

// Everything that is folded away, shown or hidden at once.
const unfoldButton = document.getElementById("unfold");
if (unfoldButton) {
  unfoldButton.hidden = false;
  unfoldButton.addEventListener("click", () => {
    const folds = [...document.querySelectorAll("details.fold")];
    const open = folds.some((fold) => !fold.open);
    for (const fold of folds) {
      fold.open = open;
    }
    unfoldButton.textContent = open ? say("Fold what is alike") : say("Show all ops");
  });
}
