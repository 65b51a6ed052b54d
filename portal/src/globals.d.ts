declare const LICENCES: string; // address of the notices of what the script contains; build.mjs
