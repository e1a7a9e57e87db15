// Who one is: kept for the tab, so that a reload changes nothing and a second window is somebody else.

const FIRST = [
  "Amber", "Brave", "Bright", "Calm", "Clever", "Cosy", "Eager", "Gentle", "Happy", "Jolly", "Kind", "Lucky",
  "Mellow", "Merry", "Nimble", "Patient", "Quick", "Quiet", "Sunny", "Swift", "Tidy", "Warm", "Wise", "Witty",
];
const SECOND = [
  "Badger", "Beaver", "Crane", "Dolphin", "Falcon", "Ferret", "Finch", "Fox", "Gecko", "Hare", "Heron", "Ibis",
  "Koala", "Lemur", "Lynx", "Marten", "Otter", "Owl", "Panda", "Puffin", "Robin", "Seal", "Stoat", "Wren",
];

const pick = (words) => words[Math.floor(Math.random() * words.length)];

// The name, the colour once the server has given one, and the ids of this tab's sessions.
export function loadIdentity() {
  const saved = sessionStorage.getItem("identity");
  return saved ? JSON.parse(saved) : { name: `${pick(FIRST)} ${pick(SECOND)}`, hue: null, ids: [] };
}

export function saveIdentity(identity) {
  sessionStorage.setItem("identity", JSON.stringify(identity));
}
