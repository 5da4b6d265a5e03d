//! The attribute of `testkit`, which has to be a crate of its own. Use it as `testkit::test`.

use proc_macro::{Delimiter, Group, Ident, TokenStream, TokenTree};

/// Runs an `async fn(pool: PgPool)` as a test, on a database of its own: a copy of the migrated template.
#[proc_macro_attribute]
pub fn test(_: TokenStream, function: TokenStream) -> TokenStream {
    let mut tokens = function.into_iter().peekable();
    // What stands before the function (`#[ignore]`, its doc) belongs to the test.
    let mut attributes = TokenStream::new();
    while matches!(tokens.peek(), Some(TokenTree::Punct(punct)) if punct.as_char() == '#') {
        attributes.extend(tokens.by_ref().take(2));
    }
    let mut body: TokenStream = tokens.collect();
    let Some(name) = name(&body) else {
        return "compile_error!(\"testkit::test stands before an async fn\");"
            .parse()
            .expect("Rust");
    };
    body.extend("::testkit::run_test".parse::<TokenStream>().expect("Rust"));
    let called = TokenTree::Ident(name.clone());
    body.extend([parenthesised(called.into())]);

    let mut test: TokenStream = "#[::core::prelude::v1::test]".parse().expect("Rust");
    test.extend(attributes);
    test.extend("fn".parse::<TokenStream>().expect("Rust"));
    test.extend([
        TokenTree::Ident(name),
        parenthesised(TokenStream::new()),
        TokenTree::Group(Group::new(Delimiter::Brace, body)),
    ]);
    test
}

fn name(function: &TokenStream) -> Option<Ident> {
    let mut tokens = function.clone().into_iter();
    tokens.find(|token| matches!(token, TokenTree::Ident(word) if word.to_string() == "fn"))?;
    match tokens.next()? {
        TokenTree::Ident(name) => Some(name),
        _ => None,
    }
}

fn parenthesised(tokens: TokenStream) -> TokenTree {
    TokenTree::Group(Group::new(Delimiter::Parenthesis, tokens))
}
