// Keeps the page in the browser, so that it works without a connection. The lines above this one say which files belong to
// it; they change with any of them, and a browser then fetches the new ones.

const NAME = `colorizer ${VERSION}`;

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(NAME).then((kept) => kept.addAll(FILES)));
});

self.addEventListener("activate", (event) => {
  const others = (names) => names.filter((name) => name.startsWith("colorizer ") && name !== NAME);
  event.waitUntil(caches.keys().then((names) => Promise.all(others(names).map((name) => caches.delete(name)))));
});

self.addEventListener("fetch", (event) => {
  if (event.request.method === "GET") event.respondWith(answer(event.request));
});

/** What is kept; else what the site says, which is kept from then on, such as a model that not everybody needs. */
async function answer(request) {
  const kept = await caches.open(NAME);
  const known = await kept.match(request, { ignoreSearch: true, ignoreVary: true });
  if (known) return known;
  const found = await fetch(request);
  if (found.ok && new URL(request.url).origin === location.origin) await kept.put(request, found.clone());
  return found;
}
