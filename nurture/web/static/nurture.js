// Nurture's first-party tracker. How to use it: docs/tracking.md; why it is as it is: docs/decisions/0020-our-own-tracker.md
//
//   <script async src="https://nurture.example.com/nurture.js" data-key="WRITE_KEY"></script>
//
// It is served without its comments and most of its blanks, by a function that reads no JavaScript: comments stand on lines
// of their own, no text goes over several lines, and regular expressions have no blanks beside signs. It must stay under
// 3 KB compressed, and run wherever ES2018 does.
(() => {
  const script = document.currentScript || document.querySelector('script[data-key]')
  // What the site called before we were here waits in an array. We move into the same object, for the site may hold it.
  const nurture = window.nurture = window.nurture || []
  if (!script || !script.src || nurture.anonymousId) return
  const settings = script.dataset
  const endpoint = new URL('v1/b', settings.host || script.src).href

  // Nothing that goes wrong in here may reach the page.
  const attempt = (action) => {
    try {
      return action()
    } catch (_) {}
  }
  const safe = (action) => (...given) => attempt(() => action(...given))
  // (crypto.randomUUID is not there on plain http.)
  const random = () =>
    attempt(() => crypto.getRandomValues(new Uint32Array(4)).join('-')) || '' + Math.random()

  // What we remember: in a cookie on the widest domain that the browser allows, so that the site's subdomains share it;
  // in localStorage where there are no cookies; where there is neither, as long as the page lives.
  let storage = {}
  attempt(() => storage = localStorage || storage)
  const cookie = (name) => attempt(() => document.cookie.match('\\b' + name + '=([^;]+)')[1])
  const read = (name) => cookie(name) || storage[name]
  const write = (name, value) => {
    const host = location.hostname.split('.')
    const domains = host.map((_, n) => host.slice(~n).join('.')).concat('')
    const age = value ? (settings.days || 365) * 86400 : 0
    const secure = location.protocol === 'https:' ? 'secure' : ''
    const kept = domains.some((domain) => attempt(() => {
      domain = settings.cookieDomain || domain
      document.cookie = `${name}=${value};path=/;samesite=lax;max-age=${age};domain=${domain};${secure}`
      return cookie(name) === value
    }))
    delete storage[name]
    if (!kept && value) storage[name] = value
  }
  let renewed
  const visitor = () => {
    const id = read('nurture_id') || random()
    if (id !== renewed) write('nurture_id', renewed = id)
    return id
  }

  const objects = settings.respectDnt !== 'false' &&
    (navigator.globalPrivacyControl || /1|yes/.test(navigator.doNotTrack))
  const refused = () => objects || read('nurture_consent') === 'no'
  const allowed = () => !refused() && (settings.consent !== 'wait' || read('nurture_consent'))

  // Events wait here until the server has answered; a copy of each stays in localStorage until then, so that the next
  // page can send what this one could not. Sent twice is counted once: the server knows them by their messageId.
  let pending = []
  let flying
  let timer
  let failures = 0
  const stored = () => Object.keys(storage).filter((key) => /^nurture:/.test(key)).sort()
  // A bare text as the body is text/plain, for which browsers ask no permission first (CORS).
  const body = (batch) => JSON.stringify({ writeKey: settings.key, sentAt: new Date(), batch })

  const send = async () => {
    timer = clearTimeout(timer)
    if (flying || !allowed() || !pending.length) return
    flying = pending.splice(0, 10)
    let wait = Math.min(2 ** failures++, 300)
    try {
      const text = body(flying)
      // A browser lets go of a page with at most 64 KB still on their way.
      const options = { method: 'POST', body: text, keepalive: text.length < 2e4 }
      const answer = await fetch(endpoint, options)
      if (/^5|408|429/.test(answer.status)) {
        wait = +answer.headers.get('retry-after') || wait
      } else {
        if (!answer.ok) console.warn('nurture.js: refused', answer.status)
        flying.forEach((event) => delete storage['nurture:' + event.messageId])
        flying = []
        failures = wait = 0
      }
    } catch (_) {}
    pending = flying.concat(pending)
    flying = 0
    if (pending.length) timer = timer || setTimeout(send, wait * 1000)
  }
  // Nobody will be here to hear the answer. What the browser does not take is left for the next page.
  const hurry = () => {
    while (allowed() && pending.length && navigator.sendBeacon(endpoint, body(pending.slice(0, 10)))) pending.splice(0, 10)
  }
  const save = () => {
    if (!allowed()) return
    pending.forEach((event) => {
      if (event.anonymousId) return
      event.anonymousId = visitor()
      attempt(() => storage['nurture:' + event.messageId] = JSON.stringify(event))
    })
    // A moment later, for what comes together goes together; after a failure, when that has waited long enough.
    timer = timer || setTimeout(send, 50)
  }
  const forget = () => {
    pending = []
    write('nurture_id', '')
    stored().forEach((key) => delete storage[key])
  }

  // The token of a tracked link leaves the address bar at once: nobody is to share it, no other script to read it. It goes
  // out with the first event and with no other.
  const clean = (url) => url.replace(/([?&])nurture_visitor=[^&#]*(&|(?=#|$))/, (_, before, after) => after && before)
  let arrived = location.href
  if (clean(arrived) === arrived) arrived = 0
  else attempt(() => history.replaceState(history.state, '', clean(arrived)))

  let from = document.referrer
  let page
  const look = () => ({
    // Some applications name their pages behind a #.
    path: (location.hash.match(/^#!?(\/.*)/) || [0, location.pathname])[1],
    referrer: clean(from),
    search: clean(location.search),
    title: document.title,
    url: clean(location.href)
  })

  const emit = (type, fields) => {
    if (refused()) return
    const context = { page: arrived ? { ...page, url: arrived } : page, userAgent: navigator.userAgent }
    const copy = JSON.stringify({ type, messageId: Date.now() + random(), originalTimestamp: new Date(), context, ...fields })
    if (copy.length > 1e4 || pending.length > 99) return
    pending.push(JSON.parse(copy))
    arrived = 0
    save()
  }
  const track = (event, properties) => emit('track', { event, properties })

  // How long the page was in sight. It is told once, when the page has been left.
  let seen = 0
  let since = 0
  let away
  const pause = () => {
    if (since) seen += performance.now() - since
    since = 0
  }
  const resume = () => {
    clearTimeout(away)
    if (!since && !document.hidden) since = performance.now()
  }
  const finish = () => {
    pause()
    const seconds = Math.round(seen / 1000)
    seen = 0
    if (seconds) track('Page Read', { ...page, seconds })
  }
  const leave = () => {
    finish()
    hurry()
  }

  const view = (properties) => {
    finish()
    page = look()
    from = page.url
    emit('page', { properties: { ...page, ...properties } })
    resume()
  }
  // A new path is a new page. A new query is one too, unless it only replaces the old one, as filters do.
  const moved = (how) => {
    const there = look()
    if (there.path !== page.path || how !== 'replaceState' && there.search !== page.search) view()
  }

  // What people do with elements that are marked with `data-nurture="Name of the event"`.
  const marked = (element, properties) => {
    for (const { name, value } of element.attributes) {
      if (/^data-nurture-/.test(name)) properties[name.slice(13).replace(/-/g, '_')] = value
    }
    track(element.dataset.nurture, properties)
  }
  const clicked = ({ target, button }) => {
    const element = target.closest('[data-nurture]:not(form)')
    if (element && button < 2) marked(element, { href: element.href && clean(element.href) })
  }
  // Of a form go the fields that say who somebody is, and those that the site has named with `data-nurture-field`.
  const sent = ({ target }) => {
    if (!target.dataset.nurture) return
    const traits = {}
    const properties = {}
    for (const { type, name, autocomplete, dataset, value, checked } of target.elements) {
      const words = `${type} ${name} ${autocomplete}`.toLowerCase()
      const given = 'nurtureField' in dataset
      const known = type !== 'hidden' && words.match(
        /(^| )(email|((first|last|given|family|full).?)?name|company|organization|(job.?)?title|country)( |$)/
      )
      const as = given ? dataset.nurtureField || name : known && known[2]
      if (as && value && !/password|^file|\bcc-/.test(words) && (checked || !/radio|checkbox/.test(type))) {
        traits[as] = value
        if (given) properties[as] = value
      }
    }
    if (traits.email) emit('identify', { traits })
    marked(target, properties)
  }

  const start = () => {
    const calls = attempt(() => nurture.splice(0)) || []
    const api = {
      track,
      page: view,
      identify: (user, traits) => emit('identify', Object(user) === user ? { traits: user } : { userId: user, traits }),
      consent: (given) => {
        write('nurture_consent', given ? 'yes' : 'no')
        if (given) save()
        else forget()
      },
      // Somebody else may sit here next.
      reset: () => {
        finish()
        resume()
        if (read('nurture_id')) write('nurture_id', renewed = random())
      },
      anonymousId: () => allowed() ? visitor() : null,
      push: ([name, ...given]) => api[name](...given)
    }
    for (const name in api) nurture[name] = safe(api[name])
    page = look()
    if (refused()) forget()
    stored().forEach(safe((key) => pending.push(JSON.parse(storage[key]))))
    calls.forEach(nurture.push)
    view()
    const listeners = {
      popstate: moved,
      submit: sent,
      click: clicked,
      auxclick: clicked,
      online: send,
      pagehide: leave,
      pageshow: (event) => {
        if (!event.persisted) return
        // Back in the page, out of the browser's cache of whole pages.
        from = document.referrer
        view()
      },
      visibilitychange: () => {
        if (!document.hidden) return resume()
        pause()
        // A phone may never let us run again. At a desk people come back: only after a while has the page been left.
        if (matchMedia('(pointer: coarse)').matches) leave()
        else away = setTimeout(safe(leave), 1e4)
      }
    }
    for (const name in listeners) addEventListener(name, safe(listeners[name]), true)
    for (const name of ['pushState', 'replaceState']) {
      const original = history[name]
      history[name] = (...given) => {
        original.apply(history, given)
        safe(moved)(name)
      }
    }
  }
  // A page that is loaded ahead has not been seen by anybody.
  if (document.prerendering) document.addEventListener('prerenderingchange', safe(start))
  else safe(start)()
})()
