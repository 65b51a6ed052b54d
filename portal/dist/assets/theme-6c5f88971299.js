"use strict";(()=>{var e=localStorage.getItem("vallum.theme");(e==="light"||e==="dark")&&(document.documentElement.dataset.theme=e);})();
