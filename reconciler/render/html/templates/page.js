"use strict";
(() => {
  const form = document.getElementById("find");
  const details = () => document.querySelectorAll("details");
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...details()].filter((each) => !each.open);
    for (const each of folded) each.open = true;
  });
  addEventListener("afterprint", () => {
    for (const each of folded) each.open = false;
  });
  if (!form) return;

  const query = document.getElementById("query");
  const pick = document.getElementById("team");
  const hits = document.getElementById("hits");
  const boxes = [...form.querySelectorAll("[type=checkbox]")];
  const fold = (text) => text.normalize("NFKC").toLowerCase();
  const many = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
  const name = (element) => fold([...element.querySelectorAll("bdi")].map((each) => each.textContent).join(" "));
  const teams = [...document.querySelectorAll(".team")].map((element) => ({
    element,
    found: element.querySelector(".found"),
    wasOpen: element.open,
    agents: [...element.querySelectorAll(".agent")].map((agent) => ({
      element: agent,
      name: name(agent.querySelector("h4")),
      lines: [...agent.querySelectorAll("li")].map((line) => ({
        element: line,
        action: line.className,
        name: name(line),
      })),
    })),
  }));
  const all = teams.reduce((sum, team) => sum + team.agents.length, 0);
  let isFiltered = false;

  const showLines = (agent, words, actions) => {
    const isNamed = agent.name.includes(words);
    let shown = 0;
    for (const line of agent.lines) {
      const fits = actions.has(line.action) && (isNamed || line.name.includes(words));
      line.element.hidden = !fits;
      shown += fits;
    }
    agent.element.hidden = !shown;
    return shown;
  };

  const showTeam = (team, words, actions) => {
    let agents = 0;
    let lines = 0;
    for (const agent of team.agents) {
      const shown = showLines(agent, words, actions);
      agents += shown > 0;
      lines += shown;
    }
    team.element.hidden = isFiltered && !agents;
    team.found.textContent = isFiltered ? `${agents.toLocaleString("en")} of ` : "";
    team.element.open = isFiltered ? agents > 0 : team.wasOpen;
    return [agents, lines];
  };

  const update = () => {
    const words = fold(query.value.trim());
    const actions = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
    const filters = words !== "" || pick.value !== "" || actions.size < boxes.length;
    if (filters && !isFiltered) for (const team of teams) team.wasOpen = team.element.open;
    const wasFiltered = isFiltered;
    isFiltered = filters;
    if (!filters && !wasFiltered) return;
    let agents = 0;
    let lines = 0;
    teams.forEach((team, number) => {
      const chosen = pick.value === "" || pick.value === `${number}`;
      const [more, moreLines] = showTeam(team, words, chosen ? actions : new Set());
      agents += more;
      lines += moreLines;
    });
    const found = `${agents.toLocaleString("en")} of ${many(all, "agent")} on this page, ${many(lines, "skill")}`;
    hits.textContent = filters ? found : "";
    document.getElementById("nothing").hidden = agents > 0;
  };

  form.addEventListener("input", update);
  form.addEventListener("reset", () => setTimeout(update));
  form.addEventListener("submit", (event) => event.preventDefault());
  const openAll = (isOpen) => {
    for (const team of teams) team.element.open = isOpen;
  };
  document.getElementById("unfold").addEventListener("click", () => openAll(true));
  document.getElementById("fold").addEventListener("click", () => openAll(false));
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.closest("input, select, textarea");
    if (event.key === "/" && !isTyping && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      query.focus();
    }
  });
  form.hidden = false;
  // What a browser had kept in the fields of a page that is opened again.
  update();
})();
