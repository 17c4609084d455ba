// Every page: htmx with the CSRF token, words for what went wrong, confirmation of deeds.
import "htmx.org";
import { csrf } from "./lib/http";
import { toast } from "./lib/toast";

document.addEventListener("htmx:configRequest", (event) => {
  const detail = (event as CustomEvent<{ headers: Record<string, string> }>).detail;
  detail.headers["X-CSRF-Token"] = csrf();
});

document.addEventListener("htmx:responseError", (event) => {
  const detail = (event as CustomEvent<{ xhr: XMLHttpRequest }>).detail;
  const words = new DOMParser().parseFromString(detail.xhr.responseText, "text/html");
  toast(words.querySelector("p")?.textContent ?? detail.xhr.statusText, "bad");
});

// <form data-confirm="..."> asks before it is sent
document.addEventListener("submit", (event) => {
  const form = event.target as HTMLFormElement;
  const question = form.dataset["confirm"];
  if (question && !window.confirm(question)) {
    event.preventDefault();
  }
});
