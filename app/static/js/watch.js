// While something is being made, fetches its page again and shows how far it has come; once it
// is no longer being made, opens that page, which says what became of it.

export default (element, { attach }) => {
  setTimeout(async () => {
    const { address } = element.dataset;
    try {
      const answer = await fetch(address);
      const fetched = new DOMParser().parseFromString(await answer.text(), "text/html");
      const next = answer.ok && fetched.getElementById(element.id);
      if (!next) return location.replace(address);
      element.replaceWith(next);
      attach(next);
    } catch {
      attach(element); // the network is away for a moment
    }
  }, 2000);
};
