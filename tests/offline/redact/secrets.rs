//! No password, hidden name of a command, user or name of a client is left, whatever form it was
//! captured in.

use serde_json::json;
use topoplan::redact;
use topoplan::text::Source;

/// Stands for everything that must go.
const MARK: &str = "Zq9marker";

/// Settings of servers whose value is a password.
const SETTINGS: [&str; 5] = [
    "requirepass",
    "masterauth",
    "primaryauth",
    "tls-key-file-pass",
    "tls-client-key-file-pass",
];

/// Fails for each text that keeps the mark.
fn judge(texts: &[String]) {
    let view = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 10.0.0.1:7000@17000 myself,master - 0 0 1 \
                connected 0-16383\n";
    let source = |name: &str, text: &str| Source::new(name, text.to_owned(), String::new());
    let mut kept = Vec::new();
    for text in texts {
        assert!(text.contains(MARK), "{text}");
        let capture = [source("nodes.txt", view), source("x.txt", text)];
        let answer = redact::redact(&capture, &[], true);
        assert_eq!(answer.leaks, [] as [&str; 0], "{text}");
        assert_eq!(answer.files.len(), 2, "{text}");
        let holds = |f: &redact::File| f.text.contains(MARK) || f.path.contains(MARK);
        kept.extend(answer.files.into_iter().filter(holds).map(|f| f.text));
    }
    assert!(
        kept.is_empty(),
        "{} kept it:\n{}",
        kept.len(),
        kept.join("\n---\n")
    );
}

/// A file as it stands, in an answer of ansible, as a list of lines, quoted by a ticket, found by
/// `grep -H` and behind the host that `pdsh` puts before each line.
fn wrapped(file: &str) -> Vec<String> {
    let lines: Vec<&str> = file.lines().collect();
    let before = |prefix: &str| lines.iter().map(|l| format!("{prefix}{l}\n")).collect();
    vec![
        file.to_owned(),
        file.replace('\n', "\r\n"),
        json!({"rc": 0, "stdout": file, "z": 1}).to_string(),
        json!({"stdout_lines": lines}).to_string(),
        serde_json::to_string_pretty(&json!({"stdout_lines": lines})).expect("it is JSON"),
        json!({"stdout": json!({"stdout": file}).to_string()}).to_string(),
        format!("b'{}'\n", file.replace('\n', "\\n")),
        before("> "),
        before("h1: "),
        before("conf/redis-7000.conf:"),
        before("conf/redis-7000.conf:12:"),
    ]
}

#[test]
fn no_setting_keeps_its_password() {
    let mut texts = Vec::new();
    for name in SETTINGS {
        for file in [
            format!("dir\n/x\n{name}\n{MARK}\nport\n7000\n"),
            format!("port 7000\n{name} {MARK}\ndir /x\n"),
        ] {
            texts.extend(wrapped(&file));
        }
        texts.extend([
            format!(
                "port 7000\n{} \"{MARK} {MARK}\"\ndir /x\n",
                name.to_uppercase()
            ),
            format!("# {name} {MARK}\nport 7000\n"),
            format!("1) \"{name}\"\n2) \"{MARK}\"\n3) \"dir\"\n4) \"/x\"\n"),
            format!("1# \"{name}\" => \"{MARK}\"\n2# \"dir\" => \"/x\"\n"),
            json!({name: MARK, "dir": "/x"}).to_string(),
            format!("\"{name}\",\"{MARK}\"\n"),
            format!("*2\r\n${}\r\n{name}\r\n$9\r\n{MARK}\r\n", name.len()),
            format!("{name}\n$12345\ndir\n/x\nrequirepass\n$5{MARK}\nport\n7000\n"),
            format!("+{name} {MARK}\n-{name} {MARK}\n"),
            format!("redis.conf:11:port 7000\nredis.conf-12-{name} {MARK}\n"),
            format!("redis.conf-{name} {MARK}\n"),
            format!("     2\t{name} {MARK}\n"),
            format!("  502  {name} {MARK}\n"),
            format!("$ sed -i 's/^{name}.*/{name} {MARK}/' redis.conf\n"),
            format!("\u{1b}[0m{name}\u{1b}[0m\n\u{1b}[33m{MARK}\u{1b}[0m\n"),
            format!("10.0.0.1:7000> CONFIG SET dir /x {name} \"{MARK}\"\nOK\n"),
            format!("1.2 [0 10.0.0.1:60866] \"config\" \"set\" \"{name}\" \"{MARK}\"\n"),
            format!("   3) \"{name}\"\n   4) \"{MARK}\"\n"),
        ]);
    }
    judge(&texts);
}

#[test]
fn no_process_keeps_its_password() {
    let mut texts = Vec::new();
    for name in SETTINGS {
        for option in [
            format!("--{name} {MARK}"),
            format!("--{name} a {MARK} --port 7000"),
            format!("--{name} --{MARK} --port 7000"),
            format!("--{name} a\"'{MARK} --port 7000"),
            format!("--{name}={MARK} --port 7000"),
            format!("--{} {MARK}", name.to_uppercase()),
        ] {
            let row = format!("  901 Ssl redis-server 10.0.0.1:7000 [cluster] {option}\n");
            texts.push(json!({"stdout": row}).to_string());
            texts.push(format!("  PID STAT COMMAND\n{row}"));
        }
    }
    for option in [
        format!("--user bob on >{MARK} ~* +@all --port 7000"),
        format!("--user bob on #{MARK} ~* +@all"),
        format!("--rename-command CONFIG {MARK} --port 7000"),
        format!("--masteruser {MARK}"),
        format!("--sentinel auth-pass mymaster {MARK}"),
    ] {
        texts.push(format!(
            "  901 Ssl redis-server *:7000 [cluster] {option}\n"
        ));
    }
    judge(&texts);
}

#[test]
fn no_client_keeps_its_password() {
    let mut texts = Vec::new();
    for client in [
        "redis-cli",
        "/opt/valkey-cli",
        "keydb-cli",
        "redis-benchmark",
    ] {
        for option in [
            format!("-a {MARK}"),
            format!("-a '{MARK}'"),
            format!("-a \"{MARK} {MARK}\""),
            format!("-a a;{MARK}"),
            format!("-a a\\ {MARK}"),
            format!("--pass {MARK}"),
            format!("--pass={MARK}"),
            format!("--user {MARK} --pass {MARK}"),
            format!("-u redis://bob:{MARK}@10.0.0.1:7000/0"),
            format!("-u rediss://:{MARK}@h"),
        ] {
            let command = format!("{client} -h 10.0.0.1 {option}");
            texts.extend([
                format!("$ {command} cluster nodes\n"),
                format!("  33 pts/0 S+ 0:00 {command}\n"),
                json!({"cmd": format!("{command} ping"), "rc": 0}).to_string(),
                json!({"cmd": &command, "rc": 0}).to_string(),
                json!({"stdout": format!("PID CMD\n 33 {command}\n 34 x")}).to_string(),
            ]);
        }
        let list = json!({"cmd": [client, "-h", "10.0.0.1", "-a", MARK, "ping"]});
        texts.push(list.to_string());
        texts.push(serde_json::to_string_pretty(&list).expect("it is JSON"));
    }
    for name in [
        "REDISCLI_AUTH",
        "VALKEYCLI_AUTH",
        "REDIS_PASSWORD",
        "SR2_REDIS_AUTH",
        "REDIS_PWD",
        "MYSQL_PWD",
        "REDIS_PW",
    ] {
        for value in [MARK.to_owned(), format!("'{MARK}'"), format!("a;{MARK}")] {
            let command = format!("{name}={value} redis-cli cluster nodes");
            texts.extend([
                format!("$ {command}\n"),
                format!("export {name}={value}\n"),
                format!("  33 S redis-server *:7000 HOME=/x {name}={value} PATH=/bin\n"),
                json!({"cmd": command, "rc": 0}).to_string(),
            ]);
        }
        texts.push(format!("    - name: {name}\n      value: {MARK}\n"));
        texts.push(format!(
            "export SR2_REDIS_MASTER_PORTS=( 7000 )\nexport {name}=( \"{MARK}\" )\n"
        ));
    }
    for line in [
        "pw: ",
        "pwd=",
        "x --pw ",
        "x -password ",
        "x -redis.password ",
        "x -pass ",
    ] {
        texts.push(format!("$ redis-cli ping\nPONG\n{line}{MARK}\n"));
    }
    texts.push(format!("$ sshpass -p {MARK} ssh bob@10.0.0.1 redis-cli\n"));
    judge(&texts);
}

#[test]
fn no_other_program_keeps_its_password() {
    let mut texts = Vec::new();
    for command in [
        format!("curl -u admin:{MARK} http://10.0.0.1/"),
        format!("/usr/bin/curl -s --user 'admin:{MARK} {MARK}' http://10.0.0.1/"),
        format!("curl -uadmin:{MARK} http://10.0.0.1/"),
        format!("curl -H 'Authorization: Basic {MARK}' http://10.0.0.1/"),
        format!("curl -H 'authorization: Token {MARK}' http://10.0.0.1/"),
        format!("mysql -p{MARK} -h 10.0.0.1"),
        format!("mysqldump -u root -p{MARK} x | redis-cli ping"),
        format!("redis-cli -a{MARK} ping"),
        format!("redis-cli -a 'a'\"'{MARK}'\" ping"),
        format!("redis-cli -a \"a b\"'{MARK} {MARK}' ping"),
        format!("redis-cli -a 'a'{MARK} ping"),
    ] {
        texts.extend([
            format!("$ {command}\n"),
            format!("  33 pts/0 S+ 0:00 {command}\n"),
            json!({"cmd": command, "rc": 0}).to_string(),
        ]);
    }
    texts.push(format!("Authorization: Basic {MARK}\n"));
    for name in ["requirepass", "masterauth", "primaryauth"] {
        let line = format!("config rewrite: {name} \"{MARK} {MARK}\" was written");
        texts.extend(wrapped(&format!("port 7000\n{line}\ndir /x\n")));
    }
    judge(&texts);
}

#[test]
fn what_only_looks_like_an_option_stays() {
    let text = "$ ps -aux | grep redis-cli\nredis-cli -h x; ls -alt; mysql -h y -P 3306\n\
                \"config\" \"get\" \"requirepass\" \"timeout\"\n";
    let source = Source::new("x.txt", text.to_owned(), String::new());
    let answer = redact::redact(&[source], &[], true);
    assert!(
        !answer.files[0].text.contains("redacted"),
        "{}",
        answer.files[0].text
    );
}

#[test]
fn no_typed_command_keeps_its_password() {
    let mut texts = Vec::new();
    for command in [
        format!("AUTH {MARK}"),
        format!("auth bob {MARK}"),
        format!("HELLO 3 AUTH bob {MARK} SETNAME x"),
        format!("hello 3 auth bob {MARK}"),
        format!("MIGRATE 10.0.0.1 7000 k 0 1000 AUTH2 bob {MARK}"),
        format!("CLIENT SETNAME {MARK}"),
        format!("SENTINEL SET mymaster auth-pass {MARK}"),
        format!("ACL SETUSER bob on >{MARK}"),
    ] {
        let list: Vec<String> = command.split(' ').map(|w| format!("\"{w}\"")).collect();
        texts.extend([
            format!("10.0.0.1:7000> {command}\nOK\n"),
            format!("not connected> {command}\n"),
            format!("$ redis-cli {command}\n"),
            format!("1.2 [0 10.0.0.1:60866] {}\n", list.join(" ")),
        ]);
    }
    for question in ["acl whoami", "CLIENT GETNAME", "ACL GENPASS"] {
        texts.push(format!("10.0.0.1:7000> {question}\n\"{MARK}\"\n"));
    }
    judge(&texts);
}

#[test]
fn no_command_in_pieces_keeps_its_password() {
    let length = MARK.len();
    let mut texts = Vec::new();
    for text in [
        format!("4) 1) \"AUTH\"\n   2) \"{MARK}\"\n"),
        format!("   4) 1) \"auth\"\n      2) \"bob\"\n      3) \"{MARK}\"\n"),
        format!("1) \"ACL\"\n2) \"SETUSER\"\n3) \"{MARK}\"\n4) \">{MARK}\"\n"),
        format!("argc: '2'\nargv[0]: '\"AUTH\"'\nargv[1]: '\"{MARK}\"'\n"),
        format!("*2\r\n$4\r\nAUTH\r\n${length}\r\n{MARK}\r\n"),
        format!("*3\r\n$4\r\nAUTH\r\n$3\r\nbob\r\n${length}\r\n{MARK}\r\n"),
        format!("$ printf '*2\\r\\n$4\\r\\nAUTH\\r\\n${length}\\r\\n{MARK}\\r\\n' | nc h 7000\n"),
        format!("10.0.0.1:7000> acl deluser bob {MARK}\n(integer) 2\n"),
        format!("10.0.0.1:7000> CLIENT KILL USER {MARK}\n(integer) 2\n"),
        format!("[sudo] password for {MARK}: \n"),
        format!("[op@h ~]$ whoami\n{MARK}\n"),
    ] {
        texts.push(text.clone());
        texts.push(format!("PONG\n{text}PONG\n"));
    }
    judge(&texts);
}

/// Rows of `ps` with what a program was called with, and with whose it is.
#[test]
fn no_listing_keeps_what_others_were_called_with() {
    let mut texts = Vec::new();
    let commands = [
        format!("redis_exporter -redis.addr x -redis.password {MARK}"),
        format!("x -pass {MARK}"),
        format!("x {MARK}"),
        format!("redis-cli -h {MARK} -p 7000 monitor"),
        format!("ssh -l {MARK} {MARK}"),
        format!("sshd: {MARK} [priv]"),
        format!("sudo -u {MARK} redis-server *:7000"),
        format!("/bin/sh -c redis-cli -a x -h {MARK} info"),
    ];
    for command in &commands {
        let row = format!("root 7 0.0 0.0 1 1 ? Ss 10:00 0:00 {command}\n");
        let header = "USER PID %CPU %MEM VSZ RSS TTY STAT START TIME COMMAND\n";
        let short = format!("  PID STAT COMMAND\n    7 Ss {command}\n    8 Ss x\n");
        texts.extend([
            format!("{header}{row}"),
            format!("{header}root 1 0.0 0.0 1 1 ? Ss 10:00 0:00 redis-server *:1\n{row}"),
            row.clone(),
            format!("root 7 1 0 10:00 ? 00:00:00 {command}\n"),
            short.clone(),
            format!("  33 pts/0 S+ 0:00 {command}\n"),
            json!({"rc": 0, "stdout": short}).to_string(),
            json!({"stdout_lines": short.lines().collect::<Vec<_>>()}).to_string(),
        ]);
    }
    texts.push(format!("USER PID %CPU COMMAND\n{MARK} 7 0.0 java -jar x\n"));
    texts.push(format!("{MARK} 7 1 0 10:00 ? 00:00:00 -bash\n"));
    judge(&texts);
    // What tells one server from another stays.
    let text = "  PID STAT COMMAND\n  901 Ssl /opt/redis-server *:7000 [cluster]\n   7 Ss x -y z\n";
    let source = Source::new("ps.txt", text.to_owned(), String::new());
    let answer = redact::redact(&[source], &[], true);
    assert_eq!(
        answer.files[0].text,
        "  PID STAT COMMAND\n  901 Ssl /p001/redis-server *:7000 [cluster]\n   7 Ss x redacted\n"
    );
}

#[test]
fn no_machine_is_named() {
    let id = "07c37dfeb235213a872192d90877d0cd55635b91";
    let machine = MARK.to_lowercase();
    let texts = [
        "# Replication\nrole:master\nconnected_slaves:1\nslave0:ip=HOST,port=7001,state=online\n",
        "HOST:/export/x on /mnt/b type nfs4 (rw,addr=10.0.0.7)\n",
        "Filesystem 1K-blocks Used Available Use% Mounted on\n//HOST/share 100 1 1 1% /b\n",
        "port 7000\nproc-title-template HOST\n",
        "port 7000\nproc-title-template \"{title} HOST {server-mode}\"\n",
        "port 7000\nsyslog-ident HOST\n",
        "port\n7000\nsyslog-ident\nHOST\n",
        "port 7000\nloadmodule /opt/x.so auth HOST\n",
        "port 7000\nsource-dir HOST\n",
        "# Modules\nmodule:name=x,path=/x.so,args=[HOST]\n",
        &format!(
            "12:M 01 Jan 2026 00:00:00.000 # FAIL message received from {id} (HOST) about {id} (HOST)\n"
        ),
        "$ redis-cli -h HOST -p 7000 ping\nPONG\n",
        "$ redis-cli --tls --sni HOST --host HOST ping\nPONG\n",
        "$ redis-cli cluster meet HOST 7000\nOK\n",
        "10.0.0.1:7000> replicaof HOST 6379\nOK\n",
        "10.0.0.1:7000> SLAVEOF HOST 6379\nOK\n",
        "10.0.0.1:7000> sentinel monitor mymaster HOST 6379 2\nOK\n",
        "$ ssh -l bob HOST\nPONG\n",
        "$ ssh -p 22 bob@HOST redis-cli ping\nPONG\n",
        "$ echo PING | nc HOST 7000\n+PONG\n",
        "Linux HOST 5.4.0-1-amd64 #1 SMP x86_64 GNU/Linux\n",
        "[op@h ~]$ hostname\nHOST\n",
    ];
    for text in texts {
        let text = text.replace("HOST", &machine);
        let source = Source::new("x.txt", text.clone(), String::new());
        let answer = redact::redact(&[source], &[], true);
        let file = &answer.files[0];
        assert!(!file.text.contains(&machine), "{}", file.text);
        assert_eq!(answer.leaks, [] as [&str; 0], "{text}");
    }
}

#[test]
fn no_access_list_or_directive_keeps_what_is_hidden() {
    let mut texts = Vec::new();
    for line in [
        format!("user bob on >{MARK} ~* +@all"),
        format!("user bob on <{MARK} ~* +@all"),
        format!("user {MARK} on #{MARK} ~* &* -@all"),
        format!("USER bob !{MARK} ON"),
        format!("user bob on \">{MARK}\" ~*"),
        format!("user default on >x >{MARK} ~*"),
        format!("rename-command CONFIG {MARK}"),
        format!("RENAME-COMMAND  \"CONFIG\"  \"{MARK}\""),
        format!("# rename-command CONFIG {MARK}"),
        format!("masteruser {MARK}"),
        format!("sentinel auth-pass mymaster {MARK}"),
        format!("sentinel auth-user mymaster {MARK}"),
        format!("sentinel sentinel-pass {MARK}"),
        format!("sentinel rename-command mymaster CONFIG {MARK}"),
    ] {
        texts.extend(wrapped(&format!("port 7000\n{line}\ndir /x\n")));
        texts.push(format!("1) \"{}\"\n", line.replace('"', "\\\"")));
    }
    judge(&texts);
}

#[test]
fn no_connection_keeps_its_names() {
    let mut texts = Vec::new();
    for line in [
        format!("id=3 addr=10.1.1.1:5 laddr=10.0.0.1:7000 fd=8 name={MARK} age=1 user={MARK}"),
        format!("id=3 addr=10.1.1.1:5 laddr=10.0.0.1:7000 name={MARK} user=bob cmd=get"),
        format!("addr=10.1.1.1:5 fd=8 name={MARK} age=1 cmd=get"),
    ] {
        texts.extend(wrapped(&format!("{line}\n{line}\n")));
        texts.push(format!("14) \"{line}\"\n"));
        texts.push(format!(
            "1:M 01 Jan 2026 00:00:00.000 # Client {line} closed\n"
        ));
    }
    judge(&texts);
    let line = "id=3 addr=10.1.1.1:5 laddr=10.0.0.1:7000 fd=8 name=a1 lib-name=jedis lib-ver=1\n";
    let source = Source::new("x.txt", line.to_owned(), String::new());
    let answer = redact::redact(&[source], &[], true);
    let text = &answer.files[0].text;
    assert!(text.contains("lib-name=jedis"), "{text}");
    assert!(
        !text.contains("10.1.1.1") && !text.contains("10.0.0.1"),
        "{text}"
    );
}

#[test]
fn an_answer_keeps_its_shape() {
    let text = "{\"cmd\":\"redis-cli -a x1y2z3 info\",\"rc\":0,\"stdout\":\"port 7000\\nrequirepass x1y2z3\\ndir /x\"}";
    let source = Source::new("x.json", text.to_owned(), String::new());
    let answer = redact::redact(&[source], &[], true);
    let new: serde_json::Value = serde_json::from_str(&answer.files[0].text).expect("still JSON");
    assert_eq!(new["cmd"], "redis-cli -a redacted info");
    assert_eq!(new["stdout"], "port 7000\nrequirepass redacted\ndir /p001");
}
