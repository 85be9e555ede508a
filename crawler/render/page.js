// Read a drawn page: how much there is, what it says, and where a text stands. Called with [name, argument].
([name, argument]) => {
  const roots = () => {
    const found = [];
    const visit = (root) => {
      for (const each of root.querySelectorAll("*")) {
        if (each.shadowRoot) {
          found.push(each.shadowRoot);
          visit(each.shadowRoot);
        }
      }
    };
    visit(document);
    return found;
  };

  const functions = {
    // Number of elements, and whether the page has loaded.
    state: () => [document.getElementsByTagName("*").length, document.readyState === "complete"],

    // Scroll to the end, and return the height.
    scroll: () => {
      window.scrollTo(0, document.documentElement.scrollHeight);
      return document.documentElement.scrollHeight;
    },

    size: () => [document.documentElement.scrollWidth, document.documentElement.scrollHeight],

    // The whole document with its open shadow roots, or null if it is longer than `argument`.
    html: () => {
      const root = document.documentElement;
      const shadows = roots();
      if (shadows.length === 0) {
        return root.outerHTML.length > argument ? null : "<!DOCTYPE html>" + root.outerHTML;
      }
      const tag = root.cloneNode(false).outerHTML.replace(/<\/html>$/i, "");
      const inner = root.getHTML({ shadowRoots: shadows });
      return inner.length > argument ? null : "<!DOCTYPE html>" + tag + inner + "</html>";
    },

    // The box [x, y, width, height] of each text in `argument`, by its key, where a person can see it.
    boxes: () => {
      const squeeze = (text) => text.replace(/\s+/g, " ").trim().toLowerCase();
      const boxes = {};
      const elements = [document, ...roots()].flatMap((root) => [...root.querySelectorAll("body *, :host *")]);
      const shown = elements.filter((each) => !/^(script|style|template|noscript|title)$/i.test(each.tagName));
      for (const [key, wanted] of Object.entries(argument)) {
        const text = squeeze(wanted).slice(0, 200);
        if (!text) continue;
        let best = null;
        for (const each of shown) {
          const has = each.textContent;
          if (has.length > 40 * text.length + 400 || !squeeze(has).includes(text)) continue;
          const box = each.getBoundingClientRect();
          if (box.width < 2 || box.height < 2) continue;
          const isInside = best !== null && best.element.contains(each);
          if (best === null || has.length < best.length || (isInside && has.length === best.length)) {
            best = { element: each, length: has.length, box };
          }
        }
        if (best) {
          const { x, y, width, height } = best.box;
          boxes[key] = [x + window.scrollX, y + window.scrollY, width, height].map(Math.round);
        }
      }
      return boxes;
    },
  };
  return functions[name]();
}
