import long from "./long.txt?raw";

/** A review to try, written for this page, and what it is meant to show. */
export interface Example {
  readonly name: string;
  readonly kind: string;
  readonly text: string;
}

export const EXAMPLES: readonly Example[] = [
  {
    name: "Nothing to regret",
    kind: "negations all the way",
    text:
      "I expected nothing and was not let down for a minute. It is not slow, it is never " +
      "sentimental, and not once does it talk down to you. No scene is wasted and nobody in it " +
      "acts badly, which is no small thing with eleven people in one lift. I could not find a " +
      "fault if I tried, and I can't think of anyone who wouldn't enjoy it.",
  },
  {
    name: "The flood",
    kind: "praise, then the bill",
    text:
      "A marvellous cast, photography you could frame, and a score I bought on the way home. " +
      "All of it is spent on a script so lazy that by the second hour I was hoping the river " +
      "would win. The leads are superb together and deserved a far better film than this.",
  },
  {
    name: "The lighthouse",
    kind: "longer than the model can read",
    text: long.trim(),
  },
  {
    name: "Seat fourteen",
    kind: "praise that is not",
    text:
      "Oh, what a triumph. Two hours and forty minutes of a man looking at a lake, and just when " +
      "you fear that something might happen, he looks at it from the other side. My neighbour's " +
      "snoring was the most gripping part of the soundtrack.",
  },
  {
    name: "Again, please",
    kind: "one line",
    text: "Funny, warm and over too soon; I went straight back in for the next showing.",
  },
];
