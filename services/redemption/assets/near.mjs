// Sorts places by distance. The position is asked for when the person asks for it, and does not leave this phone: the list
// of the whole département is already here.

const EARTH_KM = 6371;
const radians = (degrees) => (degrees * Math.PI) / 180;

function kilometres(a, b) {
  const x = radians(b.longitude - a.longitude) * Math.cos(radians((a.latitude + b.latitude) / 2));
  return EARTH_KM * Math.hypot(x, radians(b.latitude - a.latitude));
}

const french = (km) => (km < 1 ? 'à moins de 1 km' : 'à ' + Math.round(km) + ' km') + ' de vous';

function sort(places, here) {
  const list = places.querySelector('ul.places');
  const known = [];
  for (const item of list.querySelectorAll('li.place[data-latitude]')) {
    const km = kilometres(here, { latitude: Number(item.dataset.latitude), longitude: Number(item.dataset.longitude) });
    let note = item.querySelector('.distance');
    if (!note) {
      note = document.createElement('p');
      note.className = 'distance';
      item.querySelector('h3').after(note);
    }
    note.textContent = french(km);
    known.push([km, item]);
  }
  known.sort((a, b) => a[0] - b[0]);
  // Before those whose coordinates nobody gave.
  list.prepend(...known.map((one) => one[1]));
}

/** Puts the button above a list of places; `then` is called when the list is sorted. */
export function offerNearest(places, then) {
  if (!('geolocation' in navigator) || !places.querySelector('li.place[data-latitude]')) return;
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = 'Montrer les plus proches de moi';
  const note = document.createElement('p');
  note.setAttribute('role', 'status');
  note.textContent = 'Votre position reste dans votre téléphone.';
  places.querySelector('ul.places').before(button, note);
  button.addEventListener('click', () => {
    navigator.geolocation.getCurrentPosition(
      (position) => {
        sort(places, position.coords);
        note.textContent = 'Les lieux les plus proches sont en premier.';
        if (then) then();
      },
      () => {
        note.textContent = 'Votre téléphone ne donne pas sa position. Écrivez plutôt le nom de votre ville.';
      },
      { maximumAge: 600000, timeout: 15000 },
    );
  });
}
