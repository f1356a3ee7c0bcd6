"use strict";
// Starts the API explorer. Nothing leaves this server: no validator badge, no fonts, no fetching of other documents.
{
  const box = document.getElementById("explorer");
  SwaggerUIBundle({
    url: box.dataset.document,
    domNode: box,
    deepLinking: true,
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
    displayRequestDuration: true,
    filter: true,
    persistAuthorization: false,
    queryConfigEnabled: false,
    tryItOutEnabled: true,
    validatorUrl: null,
  });

  // The explorer has a dark face of its own; it follows ours.
  const system = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => {
    const chosen = document.documentElement.dataset.theme;
    document.documentElement.classList.toggle("dark-mode", chosen ? chosen === "dark" : system.matches);
  };
  follow();
  system.addEventListener("change", follow);
}
