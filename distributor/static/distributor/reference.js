// Draws the OpenAPI document with Swagger UI, in the place of the overview that the page comes with.
"use strict";

const place = document.getElementById("reference");
const key = place.dataset.key;

// Swagger UI's dark colours follow a class, not the browser's setting.
const dark = matchMedia("(prefers-color-scheme: dark)");
const showScheme = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", showScheme);
showScheme();

const reference = SwaggerUIBundle({
  url: place.dataset.document,
  domNode: place,
  deepLinking: true,
  defaultModelsExpandDepth: -1,
  docExpansion: "list",
  persistAuthorization: false,
  tryItOutEnabled: true,
  validatorUrl: null,
  onComplete: () => {
    if (key) {
      reference.preauthorizeApiKey("apiKey", key);
    }
  },
});
