use ownsight_gate::{Answer, views};

fn twice(answer: &Answer<views::Me>) -> Answer<views::Me> {
    answer.clone()
}

fn main() {}
