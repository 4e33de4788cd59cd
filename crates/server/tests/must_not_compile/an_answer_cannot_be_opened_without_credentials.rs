use ownsight_gate::{Answer, views};

fn peek(answer: Answer<views::Me>) -> views::Me {
    answer.value
}

fn main() {}
