# want: 2 | use the equals sign
maximize: "score"
