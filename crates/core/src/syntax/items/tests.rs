use super::*;

fn seen(language: Language, text: &str) -> Vec<String> {
    let source = Source::parse(language, text).unwrap();
    items(&source).into_iter().map(|item| format!("{} {}", item.kind.name(), item.name)).collect()
}

#[test]
fn rust() {
    let text = r"
pub struct Cart<T> { pub total: u8, hidden: T }
struct Hidden { pub a: u8 }
impl<T> Cart<T> { pub fn new(x: u8) -> Self { todo!() } fn own(&self) {} pub(crate) fn near(&self) {} }
impl Hidden { pub fn f(&self) {} }
impl Clone for Cart<u8> { fn clone(&self) -> Self { todo!() } }
pub enum Coin { Penny, Pound(u8) }
pub trait Pay { fn pay(&self); type Of; }
pub use crate::a::{b, c as d, e::*};
pub mod deep { pub const LIMIT: u8 = 1; fn f() {} }
mod shut { pub fn g() {} }
#[macro_export]
macro_rules! sum { () => {} }
#[doc(hidden)]
pub fn secret() {}
#[cfg(test)]
pub mod tests { pub fn t() {} }
pub fn main() {}
";
    let expected = [
        "type Cart",
        "field Cart::total",
        "function Cart::new",
        "type Coin",
        "field Coin::Penny",
        "field Coin::Pound",
        "interface Pay",
        "function Pay::pay",
        "type alias Pay::Of",
        "re-export b",
        "re-export d",
        "re-export e::*",
        "module deep",
        "constant deep::LIMIT",
        "macro sum!",
    ];
    assert_eq!(seen(Language::Rust, text), expected);
}

#[test]
fn rust_takes_from_outside() {
    let text = "struct Args {\n    /// x\n    #[arg(long, env = \"SHOP_URL\")]\n    pub max_age: u8,\n    #[arg(value_name = \"X\")]\n    path: u8,\n}\n#[get(\"/health\")]\nasync fn health() { env::var(\"HOME\"); std::env::var_os(\"A\"); env!(\"B\"); app.route(\"/x\", get(y)); Arg::new(\"dry\"); map.get(\"/no\", 1); }";
    let expected = [
        "command-line flag --max-age",
        "setting SHOP_URL",
        "route get /health",
        "setting HOME",
        "setting A",
        "setting B",
        "route route /x",
        "command-line flag dry",
    ];
    assert_eq!(seen(Language::Rust, text), expected);
}

#[test]
fn python() {
    let text = r#"
LIMIT = 3
limit = 4
def charge(order, *, retry: bool = False) -> int:
    def inner(): ...
    os.environ["SHOP_URL"]
    os.environ.get("A"); os.getenv("B", "1")
    parser.add_argument("-n", "--dry-run", action="store_true")
    requests.get("/x", 1)
def _own(): ...
class Cart(Base):
    total: int = 0
    plain = 1
    def __init__(self, a): ...
    @property
    def size(self): ...
    def _hidden(self): ...
class _Hidden:
    def f(self): ...
try:
    import fast
except ImportError:
    def fallback(): ...
@app.route("/health", methods=["GET"])
@click.option("--since", "-s")
async def health(): ...
urlpatterns = [path("cart/", view), include("x")]
"#;
    let expected = [
        "constant LIMIT",
        "function charge",
        "type Cart",
        "field Cart.total",
        "function Cart.__init__",
        "function Cart.size",
        "function fallback",
        "function health",
        "setting SHOP_URL",
        "setting A",
        "setting B",
        "command-line flag --dry-run",
        "route route /health",
        "command-line flag --since",
        "route cart/",
    ];
    assert_eq!(seen(Language::Python, text), expected);
}

#[test]
fn the_list_of_a_module_decides() {
    let text =
        "__all__ = [\"a\", 'C', \"far\"]\ndef a(): ...\ndef b(): ...\nclass C:\n    def m(self): ...\n";
    assert_eq!(seen(Language::Python, text), ["function a", "type C", "function C.m", "re-export far"]);
}

#[test]
fn go() {
    let text = "package shop\ntype Cart struct { Total, Sum int `json:\"x\"`; own int; Base }\ntype Payer interface { Pay(a int) error; pay() }\ntype ID string\nfunc (c *Cart) Add(x int) (int, error) { os.Getenv(\"SHOP\"); return 0, nil }\nfunc (c *cart) Add() {}\nfunc (l List[T]) Len() int { return 0 }\nfunc New[T any](x T) {}\nfunc own() { flag.String(\"addr\", \"\", \"\"); cmd.Flags().StringVarP(&x, \"name\", \"n\", \"\", \"\"); r.GET(\"/x\", h); client.Get(\"/y\", 1) }\nconst ( Limit = 1; low = 2 )\nvar ( A, b = 1, 2 )\nvar f = &cli.BoolFlag{Name: \"dry\"}\n";
    let expected = [
        "type Cart",
        "field Cart.Total",
        "field Cart.Sum",
        "interface Payer",
        "function Payer.Pay",
        "type alias ID",
        "function Cart.Add",
        "function List.Len",
        "function New",
        "constant Limit",
        "constant A",
        "setting SHOP",
        "command-line flag addr",
        "command-line flag name",
        "route get /x",
        "command-line flag dry",
    ];
    assert_eq!(seen(Language::Go, text), expected);
    assert_eq!(seen(Language::Go, "package main\nfunc Run() {}\n"), Vec::<String>::new());
}

#[test]
fn typescript() {
    let text = r#"
export async function pay<T>(a: T, b?: string): Promise<void> {}
export default class Cart extends Base { private a = 1; total: number; #b = 1; _c = 2; add(x) {} static of() {} protected p() {} }
export interface Options { dry?: boolean; run(): void; "max-age": number }
export type Mode = "a" | "b"
export type Shape = { side: number }
export const limit = 1, retry = (n: number) => n
export const { x, y: z } = all
export { own, near as far }
export { Q } from "./q"
export * from "./w"
export enum Coin { Penny, Pound = 2 }
export namespace N { export const q = 1 }
export declare function g(): void
function hidden() {}
app.get("/health", (r) => 1); axios.get("/no", {}); program.option("-s, --since <time>", "x")
process.env.SHOP_URL; process.env.NODE_ENV; import.meta.env.VITE_X
"#;
    let expected = [
        "function pay",
        "type Cart",
        "field Cart.total",
        "function Cart.add",
        "function Cart.of",
        "interface Options",
        "field Options.dry",
        "function Options.run",
        "field Options.max-age",
        "type alias Mode",
        "type alias Shape",
        "field Shape.side",
        "constant limit",
        "function retry",
        "constant x",
        "constant z",
        "constant own",
        "constant far",
        "re-export Q",
        "re-export * from \"./w\"",
        "type Coin",
        "field Coin.Penny",
        "field Coin.Pound",
        "module N",
        "constant N.q",
        "function g",
        "route get /health",
        "command-line flag --since",
        "setting SHOP_URL",
        "setting VITE_X",
    ];
    assert_eq!(seen(Language::TypeScript, text), expected);
}

#[test]
fn javascript_of_node() {
    let text = "module.exports = { pay, total: 1, run() {} };\nmodule.exports.late = () => 1;\nexports.now = function (a) {};\nmodule.own = 1;";
    let expected = ["constant pay", "constant total", "constant run", "function late", "function now"];
    assert_eq!(seen(Language::JavaScript, text), expected);
}

#[test]
fn signatures_have_no_layout() {
    let of = |text| {
        let source = Source::parse(Language::Rust, text).unwrap();
        items(&source).remove(0).signature
    };
    assert_eq!(
        of("pub fn a(b: u8, c: &str) -> X {}"),
        of("pub fn a(\n    b: u8, // the first\n    c: &str,\n) -> X {}")
    );
    assert_ne!(of("pub fn a(b: u8) {}"), of("pub fn a(b: u16) {}"));
}

#[test]
fn places_are_named() {
    let source = Source::parse(Language::Go, "package a\n\nvar x, Y = 1, 2\n").unwrap();
    let item = items(&source).remove(0);
    assert_eq!((item.name.as_str(), item.line, item.column), ("Y", 3, 8));
}

#[test]
fn parameters_are_named() {
    for (language, text, expected) in [
        (
            Language::Rust,
            "impl X { pub fn a(&self, b: u8, (c, d): (u8, u8), mut e: u8) {} }",
            &["b", "c", "d", "e"][..],
        ),
        (
            Language::Python,
            "def a(self, b, c=1, *args, d: int = 2, **kw): ...",
            &["b", "c", "args", "d", "kw"],
        ),
        (Language::Go, "package a\nfunc A(b, c int, d ...string) {}", &["b", "c", "d"]),
        (
            Language::TypeScript,
            "export function a(b: number, c?: string, { d, e = 1 }: X = {}) {}",
            &["b", "c", "d", "e"],
        ),
        (Language::JavaScript, "export const a = (b, c = 1, ...d) => 1", &["b", "c", "d"]),
    ] {
        let source = Source::parse(language, text).unwrap();
        assert_eq!(items(&source).remove(0).parameters, expected, "{text}");
    }
}
