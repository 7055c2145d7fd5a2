// The figure of all methods: a button for each stream, and the numbers of the mark that is pointed at or focused.
window.addEventListener("DOMContentLoaded", function () {
  const figure = document.querySelector("figure.cl-hero");
  if (figure === null) return;
  // One for a wide screen and one for a phone, of which a reader sees one.
  const forms = Array.from(figure.querySelectorAll(".cl-drawing"));
  const said = figure.querySelector(".cl-said");
  const store = figure.querySelector(".cl-streams");
  const streams = JSON.parse(store.dataset.streams);
  const drawings = [...forms, ...store.querySelectorAll("template")].map((each) => each.innerHTML);

  function mark(drawing, number) {
    streams[number][1].forEach(function (sentence, place) {
      const group = drawing.querySelector(`[id$="-method-${place}"]`);
      if (group === null) return;
      group.setAttribute("tabindex", "0");
      group.setAttribute("role", "img");
      group.setAttribute("aria-label", sentence);
      const say = () => (said.textContent = sentence + ".");
      for (const event of ["mouseenter", "focus", "click"]) group.addEventListener(event, say);
    });
  }

  function show(number) {
    forms.forEach(function (form, place) {
      form.innerHTML = drawings[number * forms.length + place];
      mark(form, number);
    });
    said.textContent = "Point at a mark, or move to it by the Tab key, for its numbers.";
    buttons.forEach((button, place) => button.setAttribute("aria-pressed", String(place === number)));
  }

  const row = document.createElement("div");
  row.className = "cl-buttons";
  const buttons = streams.map(function ([title], number) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = title;
    button.addEventListener("click", () => show(number));
    row.append(button);
    return button;
  });
  figure.prepend(row);
  show(0);
});
