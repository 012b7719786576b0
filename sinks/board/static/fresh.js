// Says that there is something new to show. The page works without it, and is never changed under its reader.
(function () {
  var notice = document.getElementById("fresh-notice");
  if (!notice || !window.EventSource) return;
  var follow = new EventSource("/fresh");
  follow.addEventListener("state", function (event) {
    if (JSON.parse(event.data)[notice.getAttribute("data-of")] !== notice.getAttribute("data-stamp")) {
      notice.textContent = "";
      var link = document.createElement("a");
      link.href = window.location.pathname + window.location.search;
      link.textContent = "show them";
      notice.append("New events: ", link);
      follow.close();
    }
  });
})();
