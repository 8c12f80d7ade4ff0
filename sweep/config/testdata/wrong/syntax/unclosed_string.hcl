# want: 2 | string
maximize = "score
params {
  x = [1]
}
