// Parts of a page that take longer than the rest: each is fetched once the page stands. Without scripts its link leads there.

async function fill(place) {
  const said = place.querySelector("[role=status]");
  const link = said.querySelector("a");
  try {
    const answer = await fetch(link.href);
    if (!answer.ok) throw new Error(`the portal answered ${answer.status}`);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    place.replaceWith(document.adoptNode(page.getElementById(place.dataset.later)));
  } catch (error) {
    said.replaceChildren(`They could not be fetched (${error.message}). `, link);
  }
}

for (const place of document.querySelectorAll("[data-later]")) fill(place);
