/* Visits of this site for its lead scores, once the visitor consents. First party, no cookies. */
((w, d, n) => {
  const { src, dataset } = d.currentScript, to = src.replace(/\.js.*/, '/events'), given = dataset.consent;
  const ID = 'leadscore.id', QUEUE = 'leadscore.queue', early = w.leadscore?.q || [], held = {};
  const refused = n.globalPrivacyControl || n.doNotTrack === '1' || w.doNotTrack === '1';
  let on, sending, timer;

  const read = key => { try { return localStorage[key]; } catch { return held[key]; } };
  const write = (key, value) => {
    held[key] = value;
    try { if (value) localStorage[key] = value; else delete localStorage[key]; } catch { /* blocked */ }
  };
  const queue = () => { try { return JSON.parse(read(QUEUE)); } catch { return []; } };
  const id = () => [...crypto.getRandomValues(new Uint8Array(16))].map(b => (b + 256).toString(16).slice(1)).join('');
  const soon = (ms = 500) => { clearTimeout(timer); timer = setTimeout(flush, ms); };
  const add = (event, now) => {
    if (!on) return;
    write(QUEUE, JSON.stringify([...queue(), { id: id(), at: Date.now(), ...event }].slice(-200)));
    if (now) flush(); else soon();
  };
  const done = batch => {
    const rest = queue().filter(e => !batch.some(b => b.id === e.id));
    write(QUEUE, JSON.stringify(rest));
    if (rest[0]) soon();
  };
  const flush = () => {
    const events = queue().slice(0, 50);
    if (!on || sending || !events[0]) return;
    const body = JSON.stringify({ visitor: read(ID), sent_at: Date.now(), machine: n.webdriver, events });
    sending = true;
    fetch(to, { method: 'POST', body, keepalive: true, credentials: 'omit' }).then(r => {
      if (r.status === 429 || r.status > 499) throw r;
      sending = false;
      done(events);
    }).catch(() => { sending = false; soon(30000); });
  };
  const can = {
    page() {
      const host = d.referrer && new URL(d.referrer).host, utm = {};
      new URLSearchParams(location.search).forEach((v, k) => { if (!k.indexOf('utm_')) utm[k.slice(4)] = v; });
      add({ type: 'page', path: location.pathname, referrer: host !== location.host && host, utm });
    },
    track: name => add({ type: 'event', name }),
    identify: email => add({ type: 'identify', email }),
    consent(state) {
      if (refused || state !== 'granted') {
        on = 0;
        write(ID);
        write(QUEUE);
      } else if (!on) {
        on = 1;
        write(ID, read(ID) || id());
        can.page();
      }
    },
  };
  w.leadscore = (what, value) => can[what]?.(value);
  if (given || refused || read(ID)) can.consent(given || 'granted');
  early.forEach(call => w.leadscore(...call));
  d.addEventListener('submit', ({ target: f }) => {
    const name = f.dataset.leadscore;
    if (name != null) add({ type: 'form', name: name || f.id || 'form', email: f.querySelector('[type=email]')?.value }, 1);
  }, true);
  d.addEventListener('click', ({ target: t }) => {
    const a = t.closest?.('a[href]'), path = a?.pathname;
    if (a && (a.hasAttribute('download') || /\.(csv|docx?|pdf|pptx?|xlsx?|zip)$/i.test(path)))
      add({ type: 'download', name: path.split('/').pop().slice(0, 100) || 'file' }, 1);
  }, true);
  w.addEventListener('pagehide', flush);
})(window, document, navigator);
