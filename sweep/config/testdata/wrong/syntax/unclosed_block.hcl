# want: 3 | no closing brace
maximize = "score"
params {
  x = [1]
