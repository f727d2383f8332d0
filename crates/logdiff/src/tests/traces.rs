//! Stack traces: one event of exception types and functions.

use super::{diff, model, new, news, same};
use crate::{Comparison, Model, Options, Severity};

const JAVA: &str = "2024-05-01 10:00:00 ERROR [http-1] Api - request 17 failed\n\
java.lang.IllegalStateException: order 4711 is closed\n\
\tat com.shop.Orders.close(Orders.java:88)\n\
\tat com.shop.Api.post(Api.java:12)\n\
\tat com.shop.Api.lambda$route$3(Api.java:40)\n\
\tat jdk.internal.reflect.GeneratedMethodAccessor12.invoke(Unknown Source)\n\
\tat java.base/java.lang.Thread.run(Thread.java:829)\n\
\tSuppressed: java.io.IOException: stream 3\n\
\t\tat com.shop.Io.close(Io.java:9)\n\
Caused by: java.sql.SQLException: timeout after 30 s\n\
\tat com.shop.Db.run(Db.java:5)\n\
\t... 12 more\n";

#[test]
fn java_is_robust_to_what_says_nothing() {
    let moved = JAVA
        .replace(":88", ":91")
        .replace("4711", "9")
        .replace("timeout after 30 s", "gone")
        .replace("12 more", "9 more")
        .replace("route$3", "route$17")
        .replace("Accessor12", "Accessor7")
        .replace("2024-05-01 10:00:00", "2025-01-02 03:04:05");
    same(JAVA, &moved);
    same(
        JAVA,
        &JAVA.replace("\tat jdk.internal.reflect.GeneratedMethodAccessor12.invoke(Unknown Source)\n", ""),
    );
    same(JAVA, &JAVA.replace("(Orders.java:88)", "(Orders.java:88) ~[shop-1.2.3.jar!/:1.2.3]"));
    assert_eq!((model(JAVA).events(), model(JAVA).templates()), (1, 1));
}

#[test]
fn java_tells_new_types_causes_and_frames() {
    news(JAVA, &JAVA.replace("SQLException", "SQLTimeoutException"));
    news(JAVA, &JAVA.replace("IllegalStateException", "IllegalArgumentException"));
    news(JAVA, &JAVA.replace("Api.post", "Api.put"));
    news(
        JAVA,
        &JAVA
            .replace("com.shop.Db.run", "com.shop.Cache.get")
            .replace("com.shop.Orders.close", "com.shop.Carts.open"),
    );
    let text = new("INFO x\n", JAVA).remove(0);
    assert!(text.contains(" | caused by java.sql.SQLException | at com.shop.Db.run"), "{text}");
}

#[test]
fn generated_names_are_no_news() {
    let proxy = |n: u32, hash: &str| {
        format!(
            "ERROR x\njava.lang.RuntimeException: no\n\tat com.a.Svc$$EnhancerBySpringCGLIB$${hash}.call(<generated>)\n\tat com.sun.proxy.$Proxy{n}.call(Unknown Source)\n\
             \tat com.a.Main$$Lambda${n}/0x0000{n}ab.run(Unknown Source)\n\tat com.a.Main.main(Main.java:{n})\n"
        )
    };
    same(&proxy(12, "3f9a2c1b"), &proxy(7, "a01b22cd"));
}

#[test]
fn inlined_frames_are_no_news_and_other_frames_are() {
    let stack = |frames: &[&str]| {
        let lines = frames.iter().map(|f| format!("\tat com.x.{f}(X.java:1)\n")).collect::<Vec<_>>().concat();
        format!("ERROR bad\njava.lang.RuntimeException: no\n{lines}")
    };
    let full = stack(&["A.a", "B.b", "C.c", "D.d", "E.e"]);
    same(&full, &stack(&["A.a", "B.b", "D.d", "E.e"]));
    news(&full, &stack(&["A.a", "B.b", "X.x", "D.d", "E.e"]).replace("C.c", "X.x"));
    news(&full, &stack(&["Z.z", "A.a", "B.b", "C.c", "D.d", "E.e"]));
    news(&full, &stack(&["A.a", "E.e"]));
}

const PYTHON: &str = "2024-05-01 10:00:00,000 ERROR app: job 3 failed\nTraceback (most recent call last):\n  File \"/srv/a.py\", line 3, in run\n    go(1)\n    ~~^^^\n  \
File \"/srv/b.py\", line 30, in go\n    raise ValueError(x)\nValueError: bad 17\n\nDuring handling of the above exception, another exception occurred:\n\n\
Traceback (most recent call last):\n  File \"/srv/a.py\", line 9, in main\n    run()\nrequests.exceptions.ConnectTimeout: no 3\n2024-05-01 10:00:01,000 INFO app: next\n";

#[test]
fn python_with_a_chain() {
    let learnt = model(PYTHON);
    assert_eq!(learnt.events(), 2);
    same(
        PYTHON,
        &PYTHON
            .replace("line 30", "line 31")
            .replace("bad 17", "worse")
            .replace("    ~~^^^\n", "")
            .replace("/srv/", "/app/"),
    );
    news(PYTHON, &PYTHON.replace("ValueError: bad 17", "KeyError: 'x'"));
    news(PYTHON, &PYTHON.replace("ConnectTimeout", "ReadTimeout"));
    news(PYTHON, &PYTHON.replace("in go\n", "in stop\n"));
}

const GO: &str = "panic: runtime error: index out of range [5] with length 3\n\ngoroutine 17 [running]:\nmain.(*Cart).total(0xc000, 0x5)\n\t/src/cart.go:12 +0x1d\n\
main.main.func1()\n\t/src/main.go:3 +0x2\ncreated by main.main in goroutine 1\n\t/src/main.go:2 +0x9\n\ngoroutine 18 [chan receive]:\nmain.wait(0xc1)\n\t/src/w.go:1 +0x2\nexit status 2\n";

#[test]
fn go_counts_the_goroutine_that_panicked() {
    same(
        GO,
        &GO.replace("goroutine 17", "goroutine 3")
            .replace("cart.go:12 +0x1d", "cart.go:19 +0x33")
            .replace("main.wait", "main.sleep"),
    );
    same(GO, &GO.replace("[5] with length 3", "[9] with length 2"));
    news(GO, &GO.replace("(*Cart).total", "(*Cart).sum"));
    assert_eq!(diff(&Model::new(), GO, false).new[0].severity, Severity::Fatal);
}

const RUST: &str = "thread 'main' panicked at src/main.rs:5:9:\nindex out of bounds: the len is 7 but the index is 9\nstack backtrace:\n   0: rust_begin_unwind\n             at /rustc/abc/std/src/panicking.rs:1:2\n   \
1: core::panicking::panic_fmt\n   2: app::cart::total::h0123456789abcdef\n             at ./src/cart.rs:9:1\n   3: app::main::{{closure}}\n   4: core::ops::function::FnOnce::call_once\n\
note: Some details are omitted, run with `RUST_BACKTRACE=full` for a verbose backtrace.\n";

#[test]
fn rust_with_a_backtrace() {
    assert_eq!(model(RUST).events(), 1);
    same(
        RUST,
        &RUST
            .replace("main.rs:5:9", "main.rs:7:1")
            .replace("h0123456789abcdef", "hfedcba9876543210")
            .replace("len is 7", "len is 1")
            .replace("   4: core::ops::function::FnOnce::call_once\n", ""),
    );
    same(RUST, &RUST.replace("2: app", "2:     0x55d0c0ffee12 - app"));
    news(
        RUST,
        &RUST.replace(
            "index out of bounds: the len is 7 but the index is 9",
            "called `Option::unwrap()` on a `None` value",
        ),
    );
    news(RUST, &RUST.replace("cart::total", "cart::sum"));
}

#[test]
fn node_dotnet_ruby_and_php() {
    let node = "TypeError: Cannot read properties of undefined (reading 'id')\n    at load (/srv/a.js:1:2)\n    at async main (file:///b.js:3:4)\n    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)\n";
    same(
        node,
        &node.replace("a.js:1:2", "a.js:10:20").replace(
            "    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)\n",
            "",
        ),
    );
    news(node, &node.replace("at load", "at save"));
    news(node, &node.replace("TypeError", "RangeError"));
    let dotnet = "fail: Shop.Api[13]\n      Request 17 failed\n      System.InvalidOperationException: Sequence contains no elements\n         at Shop.Cart.<TotalAsync>d__5.MoveNext() in C:\\src\\Cart.cs:line 12\n      --- End of stack trace from previous location ---\n         at Shop.Api.Post(String id)\n";
    assert_eq!(model(dotnet).events(), 1);
    same(
        dotnet,
        &dotnet.replace("line 12", "line 15").replace("d__5", "d__7").replace("Request 17", "Request 4"),
    );
    news(dotnet, &dotnet.replace("InvalidOperationException", "NullReferenceException"));
    news(dotnet, &dotnet.replace("TotalAsync", "SumAsync"));
    let ruby = "E, [2024-05-01T10:00:00.1 #12] ERROR -- : undefined method `x' for nil (NoMethodError)\n\tfrom /app/lib/a.rb:12:in `total'\n\tfrom /app/lib/b.rb:3:in `block (2 levels) in run'\n";
    same(ruby, &ruby.replace("a.rb:12", "a.rb:99").replace("#12]", "#77]"));
    news(ruby, &ruby.replace("`total'", "`sum'"));
    let php = "PHP Fatal error:  Uncaught TypeError: bad 3 in /app/a.php:12\nStack trace:\n#0 /app/b.php(9): Foo->bar('x')\n#1 /app/c.php(2): main()\n#2 {main}\n  thrown in /app/a.php on line 12\n";
    same(
        php,
        &php.replace("a.php:12", "a.php:15")
            .replace("line 12", "line 15")
            .replace("b.php(9)", "b.php(10)")
            .replace("'x'", "'y'"),
    );
    news(php, &php.replace("Foo->bar", "Foo->baz"));
    news(php, &php.replace("TypeError", "ValueError"));
}

#[test]
fn wrapped_traces_of_several_processes_are_told_apart() {
    let line = |pid: u32, text: &str| format!("Jun 14 15:16:01 web1 app[{pid}]: {text}\n");
    let a = [
        "ERROR request 1 failed",
        "java.lang.IllegalStateException: closed",
        "\tat com.shop.A.a(A.java:1)",
        "\tat com.shop.B.b(B.java:2)",
    ];
    let b = [
        "ERROR job 9 failed",
        "java.io.IOException: pipe",
        "\tat com.shop.X.x(X.java:1)",
        "\tat com.shop.Y.y(Y.java:2)",
    ];
    let apart = a.iter().map(|t| line(7, t)).chain(b.iter().map(|t| line(8, t))).collect::<Vec<_>>().concat();
    let mixed = a.iter().zip(&b).flat_map(|(a, b)| [line(7, a), line(8, b)]).collect::<Vec<_>>().concat();
    assert_eq!(model(&apart).events(), 2);
    same(&apart, &mixed);
    news(&apart, &mixed.replace("com.shop.Y.y", "com.shop.Z.z"));
}

#[test]
fn traces_in_fields_and_in_containers() {
    let json = "{\"level\":\"error\",\"time\":\"2024-05-01T10:00:00Z\",\"msg\":\"request 17 failed\",\"stack\":\"TypeError: x is 3\\n    at load (/a.js:1:2)\\n    at main (/b.js:3:4)\"}\n";
    same(json, &json.replace(":1:2", ":9:9").replace("is 3", "is 4"));
    news(json, &json.replace("at load", "at save"));
    let docker = |text: &str| {
        text.lines()
            .map(|l| {
                format!(
                    "{{\"log\":\"{}\\n\",\"stream\":\"stderr\",\"time\":\"2024-05-01T10:00:00.1Z\"}}\n",
                    l.replace('\t', "\\t")
                )
            })
            .collect::<Vec<_>>()
            .concat()
    };
    assert_eq!(model(&docker(JAVA)).events(), 1);
    same(&docker(JAVA), &docker(&JAVA.replace(":88", ":89")));
    news(&docker(JAVA), &docker(&JAVA.replace("Api.post", "Api.put")));
    let cri = |text: &str| {
        text.lines()
            .map(|l| format!("2024-05-01T10:00:00.123456789Z stderr F {l}\n"))
            .collect::<Vec<_>>()
            .concat()
    };
    assert_eq!(model(&cri(JAVA)).events(), 1);
    news(&cri(JAVA), &cri(&JAVA.replace("Api.post", "Api.put")));
}

#[test]
fn an_object_over_several_lines_is_one_event() {
    let object = "{\n  \"level\": \"error\",\n  \"message\": \"disk 3 lost\",\n  \"took\": 12\n}\n";
    let learnt = model(object);
    assert_eq!((learnt.events(), learnt.templates()), (1, 1));
    same(object, &object.replace("12", "13").replace("disk 3", "disk 4"));
    news(object, &object.replace("lost", "found"));
}

#[test]
fn a_quiet_log_tells_its_last_event_and_does_not_tell_it_twice() {
    let known = model("INFO fine 1\n");
    let mut comparison = Comparison::new(&known, Options::default());
    let mut told = Vec::new();
    comparison.feed_with(b"INFO fine 2\nERROR pool 3 empty\n", |finding| {
        told.push((finding.line(), finding.is_new()));
    });
    assert_eq!(told, [(1, false)]);
    comparison.settle(|finding| told.push((finding.line(), finding.is_new())));
    comparison.settle(|finding| told.push((finding.line(), finding.is_new())));
    assert_eq!(told, [(1, false), (2, true)]);
    comparison.feed_with(b"INFO fine 4\n", |finding| told.push((finding.line(), finding.is_new())));
    assert_eq!(told, [(1, false), (2, true)]);
    let diff = comparison.finish();
    assert_eq!((diff.events, diff.new.len(), diff.new[0].count), (3, 1, 1));
}
