// Spark spectra in the rows of a list.

import { drawSparks } from "./spark.js";

await drawSparks(document);
