// What a reader of the open mail would struggle with: [what, where, how much]. Contrast as WCAG 2.2 counts it (1.4.3).
() => {
  const numbers = (color) => color.match(/[\d.]+/g).map(Number);
  const channel = (v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4);
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const contrast = (a, b) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);
  const behind = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const color = numbers(getComputedStyle(e).backgroundColor);
      if (color.length < 4 || color[3] > 0) return color;
    }
    return [255, 255, 255];
  };
  const trouble = [];
  if (document.documentElement.scrollWidth > innerWidth) {
    trouble.push(["wider than the screen", "", document.documentElement.scrollWidth]);
  }
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let seen = 0;
  while (walker.nextNode()) {
    const text = walker.currentNode.data.trim();
    const range = document.createRange();
    range.selectNodeContents(walker.currentNode);
    if (!text || !range.getBoundingClientRect().width) continue;
    seen += 1;
    const element = walker.currentNode.parentElement;
    const style = getComputedStyle(element);
    const ratio = contrast(numbers(style.color), behind(element));
    if (ratio < 4.5) trouble.push(["low contrast", text.slice(0, 40), ratio]);
    if (parseFloat(style.fontSize) < 13) trouble.push(["small print", text.slice(0, 40), style.fontSize]);
  }
  for (const link of document.querySelectorAll("a:not([aria-hidden])")) {
    const { width, height } = link.getBoundingClientRect();
    if (Math.min(width, height) < 44) trouble.push(["too small for a thumb", link.textContent.trim(), height]);
  }
  if (seen < 10) trouble.push(["hardly any text", "", seen]);
  return trouble;
}
