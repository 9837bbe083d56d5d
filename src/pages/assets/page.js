// Everything on these pages works without this file; it copies, keeps a page up to date, and prevents a second press.

const RELOAD_MILLISECONDS = 5000

if (navigator.clipboard) document.documentElement.classList.add('scripted')

// What is seen on a button that was pressed is said here to whoever does not see it.
const told = document.createElement('p')
told.className = 'unseen'
told.setAttribute('role', 'status')
document.body.append(told)

// The answer that Microsoft sent along has been used up: it need not stand in the address bar or the history.
if (document.querySelector('[data-forget-address]')) history.replaceState(null, '', '/')

document.addEventListener('click', (event) => {
  const copy = event.target instanceof Element ? event.target.closest('[data-copy]') : null
  const code = copy?.closest('figure, .copyable')?.querySelector('code')
  const word = copy?.firstChild
  if (!code || !word) return
  const say = (text) => {
    word.textContent = text
    told.textContent = copy.textContent
    setTimeout(() => {
      word.textContent = 'Copy'
      told.textContent = ''
    }, 2000)
  }
  const select = () => {
    getSelection()?.selectAllChildren(code)
    say('Selected')
  }
  navigator.clipboard.writeText(code.textContent ?? '').then(() => say('Copied'), select)
})

document.addEventListener('submit', (event) => {
  const form = event.target
  if (event.defaultPrevented || !(form instanceof HTMLFormElement) || form.method !== 'post') return
  // A disabled button is not sent along, so it waits until the form has been.
  setTimeout(() => {
    for (const button of form.querySelectorAll('button')) button.disabled = true
  })
})

// A small form that was opened from a button is put away as a menu is, and one is where one was.
document.addEventListener('keydown', ({ key }) => {
  const drop = key === 'Escape' && document.activeElement?.closest('details.drop[open]')
  if (!drop) return
  drop.open = false
  drop.querySelector('summary')?.focus()
})

// A page that comes back from the browser's memory has its buttons again.
addEventListener('pageshow', (event) => {
  if (!event.persisted) return
  for (const button of document.querySelectorAll('button[disabled]')) button.disabled = false
})

for (const region of document.querySelectorAll('[data-live]')) watch(region)

// What shows how things stand is looked at again as long as somebody sees it, unless a part of it keeps itself up to date.
const standing = document.querySelector('main[data-refresh]')
if (standing && !document.querySelector('[data-live]')) {
  const lookAgain = () => {
    if (!document.hidden && !isInHand(standing)) void refresh(standing)
  }
  setInterval(lookAgain, Number(standing.dataset.refresh) * 1000)
  document.addEventListener('visibilitychange', lookAgain)
}

/** Nothing moves under the finger of somebody who is about to press it. */
function isInHand(region) {
  return region.querySelector(':is(a, button, summary):is(:hover, :focus)') !== null
}

async function refresh(region) {
  const answer = await fetch(location.href).catch(() => null)
  // Whoever is signed out by now is led to sign in.
  if (answer?.redirected) return location.reload()
  if (!answer?.ok) return
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html')
  const next = page.querySelector('main')
  if (next && !isInHand(region)) become(region, next)
}

/** The server sends markup made by the templates that made the page; only what differs is exchanged. */
function watch(region) {
  const source = new EventSource(region.dataset.live)
  source.addEventListener('show', ({ data }) => {
    const next = document.createElement('template')
    next.innerHTML = data
    become(region, next.content)
  })
  source.addEventListener('go', ({ data }) => {
    source.close()
    if (data.startsWith('/') && !data.startsWith('//')) location.replace(data)
  })
  source.addEventListener('end', () => source.close())
  // A connection that breaks is made again by the browser; one that was refused is not, and then the page does without.
  source.addEventListener('error', () => {
    if (source.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), RELOAD_MILLISECONDS)
  })
}

function become(old, next) {
  const [before, after] = [[...old.childNodes], [...next.childNodes]]
  after.forEach((node, index) => {
    const present = before[index]
    // What somebody has unfolded stays so.
    if (present instanceof HTMLDetailsElement && node instanceof HTMLDetailsElement) node.open = present.open
    if (!present) old.append(node)
    else if (isAlike(present, node)) become(present, node)
    else if (!present.isEqualNode(node)) present.replaceWith(node)
  })
  for (const surplus of before.slice(after.length)) surplus.remove()
}

const isAlike = (a, b) =>
  a instanceof Element && b instanceof Element && a.cloneNode(false).isEqualNode(b.cloneNode(false))
