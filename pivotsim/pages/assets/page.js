"use strict";
// Charts from their data, tables that sort and filter, rows and points that show each other. Nothing is fetched.
(() => {
  const sources = new Map(); // name -> [source of a chart]
  const touch = matchMedia("(pointer: coarse)").matches;

  const number = (text) => {
    const found = /[-+]?[\d,]*\.?\d+(?:e[-+]?\d+)?/i.exec(text);
    return found ? Number(found[0].replaceAll(",", "")) : NaN;
  };

  const compare = (a, b, isNumber) => {
    if (!isNumber) return a.localeCompare(b, "en", { numeric: true });
    const [x, y] = [number(a), number(b)];
    if (Number.isNaN(x) || Number.isNaN(y)) return Number.isNaN(x) - Number.isNaN(y); // what is no number comes last
    return x - y;
  };

  const sortBy = (table, column) => {
    const head = table.tHead.rows[0].cells[column];
    const down = head.getAttribute("aria-sort") === "ascending";
    for (const cell of table.tHead.rows[0].cells) cell.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const isNumber = head.classList.contains("number");
    const rows = [...table.tBodies[0].rows].map((row) => [row.cells[column].textContent.trim(), row]);
    rows.sort(([a], [b]) => {
      const order = compare(a, b, isNumber);
      const last = isNumber && (Number.isNaN(number(a)) || Number.isNaN(number(b)));
      return down && !last ? -order : order;
    });
    table.tBodies[0].append(...rows.map(([, row]) => row));
  };

  const addFilter = (table) => {
    const line = document.createElement("label");
    line.className = "filter";
    const input = document.createElement("input");
    input.type = "search";
    const count = document.createElement("span");
    count.setAttribute("aria-live", "polite");
    line.append("Filter ", input, count);
    table.parentElement.before(line);
    const rows = [...table.tBodies[0].rows];
    const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
    const show = () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const row of rows) {
        row.hidden = !words.every((word) => texts.get(row).includes(word));
        shown += !row.hidden;
      }
      count.textContent = `${shown} of ${rows.length} rows`;
    };
    input.addEventListener("input", show);
    show();
  };

  const mark = (name, points, scroll) => {
    for (const table of document.querySelectorAll("table[data-source]")) {
      if (table.dataset.source !== name) continue;
      let first = null;
      for (const row of table.tBodies[0].rows) {
        const chosen = points.includes(Number(row.dataset.point));
        row.classList.toggle("chosen", chosen);
        if (chosen && first === null) first = row;
      }
      if (scroll && first) first.scrollIntoView({ block: "center", behavior: "smooth" });
    }
  };

  let fromRow = false;
  const keep = (model) => {
    if (model.name === null || !("selected" in model)) return;
    const found = sources.get(model.name) ?? [];
    sources.set(model.name, [...found, model]);
    model.selected.properties.indices.change.connect(() => mark(model.name, [...model.selected.indices], !fromRow));
  };

  const choose = (row) => {
    const name = row.closest("table").dataset.source;
    fromRow = true;
    for (const source of sources.get(name) ?? []) source.selected.indices = [Number(row.dataset.point)];
    fromRow = false;
  };

  for (const table of document.querySelectorAll("table")) {
    [...table.tHead.rows[0].cells].forEach((head, column) =>
      head.firstElementChild.addEventListener("click", () => sortBy(table, column)));
    if (table.dataset.filter) addFilter(table);
    if (table.dataset.source) {
      const act = (event) => {
        const row = event.target.closest("tr[data-point]");
        if (row && (event.type === "click" || event.key === "Enter")) choose(row);
      };
      table.tBodies[0].addEventListener("click", act);
      table.tBodies[0].addEventListener("keydown", act);
    }
  }

  addEventListener("beforeprint", () => {
    for (const part of document.querySelectorAll("details")) part.open = true;
  });
  const openAtHash = () => {
    const part = document.getElementById(location.hash.slice(1));
    if (part && part.tagName === "DETAILS") part.open = true;
  };
  addEventListener("hashchange", openAtHash);
  openAtHash();

  Bokeh.set_log_level("warn");
  const drawn = [...document.querySelectorAll("script.chart-data")].map(async (data) => {
    const views = await Bokeh.embed.embed_item(JSON.parse(data.textContent));
    for (const model of views.roots[0].model.document._all_models.values()) {
      keep(model);
      if (touch && /^(BoxZoom|Pan)Tool$/.test(model.type)) model.active = false; // a finger scrolls the page
    }
  });
  Promise.all(drawn).then(() => { document.body.dataset.drawn = String(drawn.length); });
})();
