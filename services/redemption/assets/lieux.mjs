// The page of places works without this; it only adds the button of distances.

import { offerNearest } from './near.mjs';

const places = document.getElementById('places');
if (places) offerNearest(places);
